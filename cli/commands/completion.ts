/** `completion`: a script for the user's shell. */

import { Argument, type Command } from "commander";
import { addCommand } from "../command.ts";
import { completionScript, SHELLS, type Shell } from "../completion.ts";
import type { Context } from "../context.ts";

/** Adds `completion`; the script knows the commands that the root has when it runs. */
export function addCompletion(root: Command, context: Context): void {
  addCommand(root, {
    usage: "completion",
    summary: "Output shell completion code for the specified shell (bash, zsh or fish)",
    examples: [
      ["For this shell", "source <(bunkerd completion bash)"],
      ["For every zsh", 'bunkerd completion zsh > "$' + '{fpath[1]}/_bunkerd"'],
    ],
  })
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .action((shell: Shell) => context.terminal.write(completionScript(root, shell)));
}
