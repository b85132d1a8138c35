/** A check is a question to the cluster with a name and a hint; a run asks them in order. */

import type { KubeClient } from "#lib/k8s/client.ts";

/** What checks ask, and what for. */
export type Target = {
  readonly client: KubeClient;
  readonly linkerdNamespace: string;
  readonly cniNamespace: string;
  /** Of the data plane; all unless given. */
  readonly namespace: string | undefined;
  /** The version of this program. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
};

/** One question. `run` returns where all is well, and throws what is wrong. */
export type Check = {
  readonly description: string;
  /** The fragment of Linkerd's page of hints. */
  readonly anchor: string;
  /** A fatal one stops the run; a warning does not fail it. An error unless given. */
  readonly severity?: "fatal" | "warning";
  /** Whether it is asked again until it passes or the time to wait is over. */
  readonly retried?: boolean;
  readonly run: (target: Target) => Promise<void>;
};

/** Checks of one part of the mesh. */
export type Category = { readonly name: string; readonly checks: readonly Check[] };

/** What a check came to; `error` is empty where it passed. */
export type Result = {
  readonly category: string;
  readonly description: string;
  readonly result: "success" | "warning" | "error";
  readonly hint: string;
  readonly error: string;
};

/** Where hints are. */
const HINTS = "https://linkerd.io/2/checks/#";

/** Milliseconds between two tries of a check. */
const RETRY_MS = 1000;

/** How long to wait for what is not ready yet. */
export type Patience = {
  readonly waitMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
};

/** Asks all questions in order and tells of each; false where one failed that is no warning. */
export async function runChecks(
  categories: readonly Category[],
  {
    target,
    patience,
    onResult,
  }: {
    readonly target: Target;
    readonly patience: Patience;
    readonly onResult: (result: Result) => void;
  },
): Promise<boolean> {
  const deadline = patience.now() + patience.waitMs;
  let success = true;
  for (const { name, checks } of categories)
    for (const check of checks) {
      const error = await ask(check, { target, patience, deadline });
      const result = resultOf(check.severity, error);
      const hint = error === "" ? "" : HINTS + check.anchor;
      onResult({ category: name, description: check.description, result, hint, error });
      if (result === "error") success = false;
      if (result === "error" && check.severity === "fatal") return false;
    }
  return success;
}

function resultOf(severity: Check["severity"], error: string): Result["result"] {
  if (error === "") return "success";
  return severity === "warning" ? "warning" : "error";
}

type Asking = { readonly target: Target; readonly patience: Patience; readonly deadline: number };

async function ask(check: Check, { target, patience, deadline }: Asking): Promise<string> {
  for (;;) {
    const error = await check.run(target).then(
      () => "",
      (problem: unknown) => (problem instanceof Error ? problem.message : String(problem)),
    );
    const late = patience.now() + RETRY_MS > deadline;
    if (error === "" || check.retried !== true || late) return error;
    await patience.sleep(RETRY_MS);
  }
}

/** Throws a check's finding unless `holds`. */
export function expectThat(holds: boolean, problem: string): asserts holds {
  if (!holds) throw new Error(problem);
}

/** A finding over several things: nothing, or the list under a title. */
export function expectNone(title: string, findings: readonly string[]): void {
  expectThat(
    findings.length === 0,
    [`${title}:`, ...findings.map((line) => `\t* ${line}`)].join("\n"),
  );
}
