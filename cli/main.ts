/** The command line `bunkerd`: the real terminal, clock and cluster. */

import { cliVariables, linkerdNamespace, wantsColours } from "./args.ts";
import { runProgram } from "./program.ts";
import { createTerminal } from "./terminal.ts";

/** Whoever reads the output may have seen enough of it, as `head` has: that is no error. */
function untilReaderEnds(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

/** Runs one command line; the exit status is set, and 1 for every error. */
export async function runCli(words: readonly string[], version: string): Promise<void> {
  process.exitCode = await runProgram(words, {
    version,
    terminal: createTerminal({
      out: untilReaderEnds(process.stdout),
      err: untilReaderEnds(process.stderr),
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
