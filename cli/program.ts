/** The command line: its commands, its overview, and what it says when it is used wrongly. */

import { Command, CommanderError } from "commander";
import { addCommand, addGlobalFlags, CommandError } from "./command.ts";
import { addAuthz } from "./commands/authz.ts";
import { addCheck } from "./commands/check.ts";
import { addCompletion } from "./commands/completion.ts";
import { addDiagnostics } from "./commands/diagnostics.ts";
import { addIdentity } from "./commands/identity.ts";
import { addInject, addUninject } from "./commands/inject.ts";
import { addInstall, addInstallCni } from "./commands/install.ts";
import { addProfile } from "./commands/profile.ts";
import { addPrune, addUninstall } from "./commands/uninstall.ts";
import { addUpgrade } from "./commands/upgrade.ts";
import { addVersion } from "./commands/version.ts";
import { addVizAuthz } from "./commands/viz-authz.ts";
import { addVizEdges } from "./commands/viz-edges.ts";
import { addVizRoutes } from "./commands/viz-routes.ts";
import { addVizStat } from "./commands/viz-stat.ts";
import { addVizStatInbound } from "./commands/viz-stat-inbound.ts";
import { addVizStatOutbound } from "./commands/viz-stat-outbound.ts";
import type { Context } from "./context.ts";
import { addToldFlags, idle } from "./told-flags.ts";

const OVERVIEW = `
Other roles of this executable: dev, cni and controller, each with its own --help, and proxy, which reads its
environment only.

Examples:
  # Install the mesh
  bunkerd install --crds | kubectl apply -f -
  bunkerd install-cni | kubectl apply -f -
  bunkerd install | kubectl apply -f -

  # Mesh an application, and see how it does
  kubectl get deploy -o yaml | bunkerd inject - | kubectl apply -f -
  bunkerd viz stat deploy`;

/** The commands as one tree; nothing runs yet. */
export function createProgram(context: Context): Command {
  const root = new Command("bunkerd")
    .description(`Bunkerd ${context.version}, a service mesh that speaks Linkerd's interfaces`)
    .addHelpText("after", OVERVIEW);
  addGlobalFlags(root, context.linkerdNamespace);
  addToldFlags(root, context, [
    ["--api-addr <address>", idle("proxies are asked through the API server")],
  ]);
  addInstall(root, context);
  addInstallCni(root, context);
  addUpgrade(root, context);
  addPrune(root, context);
  addUninstall(root, context);
  addCheck(root, context);
  addInject(root, context);
  addUninject(root, context);
  addIdentity(root, context);
  addAuthz(root, context);
  addDiagnostics(root, context);
  addProfile(root, context);
  const viz = addCommand(root, {
    usage: "viz",
    summary: "Statistics of meshed workloads",
    examples: [["Success rate, request rate and latency", "bunkerd viz stat deploy -n shop"]],
  });
  addVizStat(viz, context);
  addVizStatInbound(viz, context);
  addVizStatOutbound(viz, context);
  addVizRoutes(viz, context);
  addVizAuthz(viz, context);
  addVizEdges(viz, context);
  addCompletion(root, context);
  addVersion(root, context);
  configure(root, context);
  return root;
}

/** Commander throws instead of ending the process, and writes where the context says. */
function configure(command: Command, context: Context): void {
  const { terminal } = context;
  command.exitOverride().configureOutput({
    writeOut: terminal.write,
    writeErr: terminal.warn,
    outputError: (text, write) => write(text.replace(/^error: /, "Cannot run this: ")),
  });
  for (const child of command.commands) configure(child, context);
}

/** Runs a command line and returns the exit status; all errors are told on standard error. */
export async function runProgram(words: readonly string[], context: Context): Promise<number> {
  const program = createProgram(context);
  if (words.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync(withoutOldName(words, context), { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    const silent = error instanceof CommandError && error.message === "";
    if (!silent) context.terminal.warn(`${messageOf(error)}\n`);
    return 1;
  }
}

/** Commands of `viz` that once stood alone. */
const OLD_NAMES: readonly string[] = ["dashboard", "edges", "routes", "stat", "tap", "top"];

function withoutOldName(words: readonly string[], { terminal }: Context): readonly string[] {
  const [name = ""] = words;
  if (!OLD_NAMES.includes(name)) return words;
  terminal.warn(`${name} is deprecated: use viz ${name}\n`);
  return ["viz", ...words];
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "YamlError" ? `Cannot read ${error.message}` : error.message;
}
