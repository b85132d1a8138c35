/** `inject` and `uninject`: manifests in, manifests out, a report on standard error. */

import type { Command } from "commander";
import { addCommand, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { flagAnnotations, injectFlags } from "../inject/flags.ts";
import { createInject } from "../inject/inject.ts";
import { readInputs } from "../inject/input.ts";
import { injectReport, uninjectReport } from "../inject/report.ts";
import { transform } from "../inject/transform.ts";
import { uninject } from "../inject/uninject.ts";
import { symbolsFor } from "../symbols.ts";

const DETAILS =
  "FILES are files, folders with all below them, URLs, or - for standard input. Documents that are not changed keep their text.";

/** Adds `inject`. */
export function addInject(parent: Command, { terminal }: Context): void {
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
  }).option("--ingress", "Enable ingress mode in the proxy");
  for (const flag of injectFlags()) command.addOption(flag);
  command.action(async (files: string[], flags: Record<string, unknown>) => {
    const annotations = flagAnnotations(flags);
    if (flags["ingress"] === true) annotations["linkerd.io/inject"] = "ingress";
    const documents = await readInputs(files, terminal.stdin);
    const { yaml, reports } = transform(documents, createInject({ annotations }));
    terminal.write(yaml);
    const verbose = flagsOf<object>(command).verbose === true;
    terminal.warn(injectReport(reports, { symbols: symbolsFor(terminal), verbose }));
  });
}

/** Adds `uninject`. */
export function addUninject(parent: Command, { terminal }: Context): void {
  addCommand(parent, {
    usage: "uninject [FILES...]",
    summary: "Remove the Linkerd proxy from a Kubernetes config",
    details: DETAILS,
    examples: [
      [
        "All the deployments in the default namespace",
        "kubectl get deploy -o yaml | bunkerd uninject - | kubectl apply -f -",
      ],
    ],
  }).action(async (files: string[]) => {
    const documents = await readInputs(files, terminal.stdin);
    const { yaml, reports } = transform(documents, uninject);
    terminal.write(yaml);
    terminal.warn(uninjectReport(reports));
  });
}
