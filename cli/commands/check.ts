/** `check`: is the mesh well, question by question. */

import { type Command, Option } from "commander";
import { parseGoDuration } from "#lib/time/duration.ts";
import { type Category, type Result, runChecks } from "../check/check.ts";
import { CNI_PLUGIN } from "../check/cni-plugin.ts";
import { CONTROL_PLANE_PROXY, DATA_PLANE } from "../check/data-plane.ts";
import { EXISTENCE } from "../check/existence.ts";
import { IDENTITY } from "../check/identity.ts";
import { INSTALLATION } from "../check/installation.ts";
import { KUBERNETES } from "../check/kubernetes.ts";
import { OPAQUE_PORTS_DEFINITION } from "../check/opaque-ports.ts";
import { PRE } from "../check/pre.ts";
import { EXTENSIONS, HIGH_AVAILABILITY } from "../check/replicas.ts";
import { CONTROL_PLANE_VERSION, VERSION } from "../check/version.ts";
import { WEBHOOKS } from "../check/webhooks.ts";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { symbolsFor } from "../symbols.ts";

type Flags = {
  readonly pre?: boolean;
  readonly proxy?: boolean;
  readonly crds?: boolean;
  readonly linkerdCniEnabled?: boolean;
  readonly namespace?: string;
  readonly output: "table" | "json" | "short";
  readonly wait: string;
  readonly expectedVersion?: string;
  readonly cliVersionOverride?: string;
};

/** Adds `check`. */
export function addCheck(parent: Command, context: Context): void {
  const command = addCommand(parent, {
    usage: "check",
    summary: "Check the Linkerd installation for potential problems",
    details: "The exit status is 1 where a check failed; warnings do not fail.",
    examples: [
      ["The control plane", "bunkerd check"],
      ["Whether this cluster can take the mesh", "bunkerd check --pre"],
      ["The proxies of a namespace too, problems only", "bunkerd check --proxy -n shop -o short"],
    ],
  })
    .option("--pre", "Only run pre-installation checks")
    .option("--crds", "Only check the custom resource definitions")
    .option("--proxy", "Also run data-plane checks")
    .option("--linkerd-cni-enabled", "With --pre, check the CNI plugin too")
    .option("-n, --namespace <name>", "Namespace for --proxy; all unless given")
    .option("--expected-version <version>", "Version that everything is to be of")
    .option("--cli-version-override <version>", "Version that counts as this program's own")
    .option("--wait <duration>", "Time to wait for what is not ready yet", "5m")
    .addOption(
      new Option("-o, --output <format>", "Output format")
        .choices(["table", "json", "short"])
        .default("table"),
    );
  command.action(async () => {
    const flags = flagsOf<Flags>(command);
    const waitMs = parseGoDuration(flags.wait) ?? (flags.wait === "0" ? 0 : undefined);
    if (waitMs === undefined)
      throw new CommandError(`Cannot use --wait ${flags.wait}: it is no duration, such as 5m`);
    const { client } = await context.connect(flags);
    const { linkerdNamespace, cniNamespace, namespace } = flags;
    const { wall, now, sleep, terminal } = context;
    const { expectedVersion, cliVersionOverride: version = context.version } = flags;
    const printer = createPrinter(flags.output, { context });
    const success = await runChecks(categoriesFor(flags), {
      target: { client, linkerdNamespace, cniNamespace, namespace, version, expectedVersion, wall },
      patience: { waitMs, now, sleep },
      onResult: printer.add,
      onWait: (description, error) => terminal.progress(`${description}: ${error}`),
    });
    terminal.write(printer.end(success));
    if (!success) throw new CommandError("");
  });
}

function categoriesFor(
  flags: Pick<Flags, "pre" | "crds" | "proxy" | "linkerdCniEnabled">,
): readonly Category[] {
  if (flags.pre === true)
    return [...KUBERNETES, PRE, ...(flags.linkerdCniEnabled === true ? [CNI_PLUGIN] : []), VERSION];
  if (flags.crds === true) return [...KUBERNETES, CRDS_ONLY, VERSION];
  return [
    ...KUBERNETES,
    EXISTENCE,
    INSTALLATION,
    CNI_PLUGIN,
    IDENTITY,
    WEBHOOKS,
    VERSION,
    ...(flags.proxy === true ? [] : [CONTROL_PLANE_VERSION]),
    CONTROL_PLANE_PROXY,
    ...(flags.proxy === true ? [...DATA_PLANE, OPAQUE_PORTS_DEFINITION] : [EXTENSIONS]),
    HIGH_AVAILABILITY,
  ];
}

const CRDS_ONLY: Category = {
  name: "linkerd-crd",
  checks: INSTALLATION.checks.filter(({ anchor }) => anchor === "l5d-existence-crd"),
};

/** Everything that may be asked. */
export const ALL_CATEGORIES: readonly Category[] = [
  ...new Set(
    [{ pre: true, linkerdCniEnabled: true }, { crds: true }, {}, { proxy: true }].flatMap(
      categoriesFor,
    ),
  ),
];

type Printer = {
  readonly add: (result: Result) => void;
  readonly end: (success: boolean) => string;
};

function createPrinter(
  output: Flags["output"],
  { context }: { readonly context: Context },
): Printer {
  const all: Result[] = [];
  if (output === "json")
    return { add: (result) => void all.push(result), end: (success) => jsonOf(all, { success }) };
  const symbols = symbolsFor(context.terminal);
  const signs = { success: symbols.ok, warning: symbols.warn, error: symbols.fail };
  let category = "";
  return {
    add: (result) => {
      if (output === "short" && result.result === "success") return;
      const title = `${result.category}\n${"-".repeat(result.category.length)}\n`;
      const head = result.category === category ? "" : (category === "" ? "" : "\n") + title;
      category = result.category;
      const error = result.error.replaceAll("\n", "\n    ");
      const hint =
        result.error === ""
          ? ""
          : `    ${error}\n    ${result.mend}\n    see ${result.hint} for hints\n`;
      context.terminal.write(`${head}${signs[result.result]} ${result.description}\n${hint}`);
    },
    end: (success) =>
      `${category === "" ? "" : "\n"}Status check results are ${success ? symbols.ok : symbols.fail}\n`,
  };
}

function jsonOf(results: readonly Result[], { success }: { readonly success: boolean }): string {
  const categories = [...new Set(results.map(({ category }) => category))].map((categoryName) => ({
    categoryName,
    checks: results
      .filter(({ category }) => category === categoryName)
      .map(({ description, hint, error, result }) => ({
        description,
        ...(error !== "" && { hint, error }),
        result,
      })),
  }));
  return `${JSON.stringify({ success, categories }, undefined, 2)}\n`;
}
