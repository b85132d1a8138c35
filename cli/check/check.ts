/** A check is a question to the cluster with a name and a hint; a run asks them in order. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { hintOf, NO_HINT } from "./hints.ts";

/** What checks ask, and what for. */
export type Target = {
  readonly client: KubeClient;
  readonly linkerdNamespace: string;
  readonly cniNamespace: string;
  /** Of the data plane; all unless given. */
  readonly namespace: string | undefined;
  /** The version of this program, or what stands for it. */
  readonly version: string;
  /** What everything is to be of; nobody is asked which version is the latest. */
  readonly expectedVersion?: string | undefined;
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
  /** Whether it is a question at all here; one that is not is passed over. */
  readonly applies?: (target: Target) => boolean | Promise<boolean>;
  /** Whether it is asked again until it passes or the time to wait is over. */
  readonly retried?: boolean;
  readonly run: (target: Target) => Promise<void>;
};

/** Checks of one part of the mesh. */
export type Category = { readonly name: string; readonly checks: readonly Check[] };

/** What a check came to; texts are empty where it passed. */
export type Result = {
  readonly category: string;
  readonly description: string;
  readonly result: "success" | "warning" | "error";
  readonly hint: string;
  /** How it is mended, in a sentence. */
  readonly mend: string;
  readonly error: string;
};

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
    onWait,
  }: {
    readonly target: Target;
    readonly patience: Patience;
    readonly onResult: (result: Result) => void;
    /** Told of what is asked again, and why. */
    readonly onWait?: (description: string, error: string) => void;
  },
): Promise<boolean> {
  const asking = { target, patience, onWait, deadline: patience.now() + patience.waitMs };
  let success = true;
  const all = categories.flatMap(({ name, checks }) =>
    checks.map((check) => ({ category: name, check })),
  );
  for (const { category, check } of all) {
    const error = await ask(check, asking);
    if (error === undefined) continue;
    const result = resultOf(check.severity, error);
    const { description, anchor, severity } = check;
    onResult({
      category,
      description,
      result,
      error,
      ...(error === "" ? NO_HINT : hintOf(anchor)),
    });
    if (result !== "error") continue;
    success = false;
    if (severity === "fatal") break;
  }
  return success;
}

function resultOf(severity: Check["severity"], error: string): Result["result"] {
  if (error === "") return "success";
  return severity === "warning" ? "warning" : "error";
}

type Asking = {
  readonly target: Target;
  readonly patience: Patience;
  readonly deadline: number;
  readonly onWait: ((description: string, error: string) => void) | undefined;
};

/** Where the cluster does not even say, the question is asked and says why. */
async function doesApply(applies: NonNullable<Check["applies"]>, target: Target): Promise<boolean> {
  try {
    return await applies(target);
  } catch {
    return true;
  }
}

/** What is wrong, nothing where all is well, and undefined where it is no question here. */
async function ask(check: Check, asking: Asking): Promise<string | undefined> {
  const { target, patience, deadline, onWait } = asking;
  if (check.applies !== undefined && !(await doesApply(check.applies, target))) return undefined;
  for (;;) {
    const error = await check.run(target).then(
      () => "",
      (problem: unknown) => (problem instanceof Error ? problem.message : String(problem)),
    );
    const late = patience.now() + RETRY_MS > deadline;
    if (error === "" || check.retried !== true || late) return error;
    onWait?.(check.description, error);
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
