/** `inject` and `uninject`: manifests in, manifests out, a report on standard error. */

import type { Command } from "commander";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { flagAnnotations, injectFlags } from "../inject/flags.ts";
import { createInject } from "../inject/inject.ts";
import { readInputs } from "../inject/input.ts";
import { assumeMesh, createManual, readMesh } from "../inject/manual.ts";
import { injectReport, uninjectReport } from "../inject/report.ts";
import { transform } from "../inject/transform.ts";
import { uninject } from "../inject/uninject.ts";
import { addOutputFlag, imageAt } from "../install-flags.ts";
import { symbolsFor } from "../symbols.ts";
import { addToldFlags, idle, older, type ToldFlag } from "../told-flags.ts";

const DETAILS =
  "FILES are files, folders with all below them, https:// URLs, or - for standard input. As YAML, documents that are not changed keep their text.";

/** Adds `inject`. */
export function addInject(parent: Command, context: Context): void {
  const { terminal } = context;
  const command = addCommand(parent, {
    usage: "inject [FILES...]",
    summary: "Add the Linkerd proxy to a Kubernetes config",
    details: DETAILS,
    examples: [
      [
        "All the deployments in the default namespace",
        "kubectl get deploy -o yaml | bunkerd inject - | kubectl apply -f -",
      ],
      ["A file from a checkout", "bun run cli inject app.yml"],
      ["A folder and all below it", "bunkerd inject folder/ | kubectl apply -f -"],
    ],
  })
    .option("--ingress", "Enable ingress mode in the proxy")
    .option("--manual", "Include the proxy sidecar in the output, as the cluster's webhook would")
    .option("--ignore-cluster", "With --manual, use default values instead of the cluster's")
    .option("--identity-trust-anchors-file <file>", "With --ignore-cluster, PEM of the anchors")
    .option("--registry <name>", "Container registry to pull the proxy's image from");
  for (const flag of injectFlags()) command.addOption(flag);
  addOutputFlag(addToldFlags(command, context, TOLD));
  command.action(async (files: string[], flags: Record<string, unknown>) => {
    if (flags["disableIdentity"] === true)
      throw new CommandError("Cannot inject without identity: every proxy has one");
    const annotations = { ...registryAnnotation(flags["registry"]), ...flagAnnotations(flags) };
    if (flags["ingress"] === true) annotations["linkerd.io/inject"] = "ingress";
    const documents = await readInputs(files, terminal);
    const manual = flags["manual"] === true ? await readManual(command, context) : undefined;
    const output = flags["output"] === "json" ? "json" : "yaml";
    const change = createInject({ annotations, manual });
    const { text, reports } = transform(documents, change, output);
    terminal.write(text);
    const verbose = flagsOf<object>(command).verbose === true;
    terminal.warn(injectReport(reports, { symbols: symbolsFor(terminal), verbose }));
  });
}

/** Linkerd's flags that change nothing here, or have another name. */
const TOLD: readonly ToldFlag[] = [
  ["--close-wait-timeout <duration>", idle("no init container sets what is the whole node's")],
  ["--disable-identity", "is refused"],
  ["--enable-debug-sidecar", idle("kubectl debug adds a container to a running pod")],
  older("--proxy-cpu <quantity>", "--proxy-cpu-request"),
  older("--proxy-memory <quantity>", "--proxy-memory-request"),
];

function registryAnnotation(registry: unknown): Record<string, string> {
  const image = typeof registry === "string" ? imageAt(registry) : undefined;
  return image === undefined ? {} : { "config.linkerd.io/proxy-image": image };
}

type ManualFlags = {
  readonly ignoreCluster?: boolean;
  readonly identityTrustAnchorsFile?: string;
};

/** What adds proxies, from the cluster's own configuration unless that is to be ignored. */
async function readManual(
  command: Command,
  context: Context,
): Promise<ReturnType<typeof createManual>> {
  const flags = flagsOf<ManualFlags>(command);
  const { linkerdNamespace, identityTrustAnchorsFile: anchorsFile } = flags;
  if (flags.ignoreCluster === true)
    return createManual(
      await assumeMesh({ version: context.version, linkerdNamespace, anchorsFile }),
    );
  const { client } = await context.connect(flags);
  return createManual(await readMesh(client, linkerdNamespace));
}

/** Adds `uninject`. */
export function addUninject(parent: Command, { terminal }: Context): void {
  const command = addCommand(parent, {
    usage: "uninject [FILES...]",
    summary: "Remove the Linkerd proxy from a Kubernetes config",
    details: DETAILS,
    examples: [
      [
        "All the deployments in the default namespace",
        "kubectl get deploy -o yaml | bunkerd uninject - | kubectl apply -f -",
      ],
    ],
  });
  addOutputFlag(command).action(
    async (files: string[], { output }: { output: "yaml" | "json" }) => {
      const documents = await readInputs(files, terminal);
      const { text, reports } = transform(documents, uninject, output);
      terminal.write(text);
      terminal.warn(uninjectReport(reports));
    },
  );
}
