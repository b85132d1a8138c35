/** The command line `bunkerd`: the real terminal, clock and cluster. */

import { cliVariables, linkerdNamespace, wantsColours } from "./args.ts";
import { runProgram } from "./program.ts";
import { createTerminal } from "./terminal.ts";

/** Runs one command line; the exit status is set, and 1 for every error. */
export async function runCli(words: readonly string[], version: string): Promise<void> {
  process.exitCode = await runProgram(words, {
    version,
    terminal: createTerminal({
      out: process.stdout,
      err: process.stderr,
      stdin: () => Bun.stdin.text(),
      colours: wantsColours(cliVariables(), process.stdout),
    }),
    connect: async (flags) => {
      const { connect } = await import("./cluster.ts");
      return await connect(flags);
    },
    now: () => performance.now(),
    wall: () => Date.now(),
    sleep: (ms) => Bun.sleep(ms),
    linkerdNamespace: linkerdNamespace(cliVariables()),
  });
}
