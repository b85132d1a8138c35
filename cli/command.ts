/** How every command is made: a line of help, an example, and the flags that several share. */

import { type Command, Option } from "commander";
import type { ClusterFlags } from "./context.ts";

/** What a command says about itself. */
export type Description = {
  /** Its name and arguments: `inject [FILES...]`. */
  readonly usage: string;
  readonly summary: string;
  /** More than the summary, where there is more to say. */
  readonly details?: string;
  /** Command lines, each with a line that says what it does. */
  readonly examples: readonly (readonly [string, string])[];
};

/** Adds a command whose `--help` shows its examples. */
export function addCommand(
  parent: Command,
  { usage, summary, details, examples }: Description,
): Command {
  const lines = examples.map(([what, line]) => `  # ${what}\n  ${line}`);
  return parent
    .command(usage)
    .summary(summary)
    .description(details === undefined ? summary : `${summary}\n\n${details}`)
    .showHelpAfterError(false)
    .addHelpText("after", `\nExamples:\n${lines.join("\n\n")}`);
}

/** The flags that every command takes. */
export type GlobalFlags = ClusterFlags & {
  readonly linkerdNamespace: string;
  readonly cniNamespace: string;
  readonly verbose?: boolean;
};

/** Declares them on the root. */
export function addGlobalFlags(root: Command, linkerdNamespace: string): Command {
  return root
    .addOption(
      new Option(
        "-L, --linkerd-namespace <name>",
        "Namespace in which Linkerd is installed",
      ).default(linkerdNamespace),
    )
    .addOption(
      new Option(
        "--cni-namespace <name>",
        "Namespace in which the CNI plugin is installed",
      ).default("linkerd-cni"),
    )
    .option("--kubeconfig <file>", "Path to the kubeconfig file to use")
    .option("--context <name>", "Name of the kubeconfig context to use")
    .option("--as <user>", "User to act as")
    .option("--as-group <group>", "Group to act as; one")
    .option("--verbose", "Turn on more output");
}

/** The flags given to a command and to the root. */
export function flagsOf<T>(command: Command): GlobalFlags & T {
  return command.optsWithGlobals<GlobalFlags & T>();
}

/** Ends a command with status 1; an empty message where all is said already. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
