/** Flags of Linkerd's that have no effect here, or an older name: they are taken, and whoever gives one is told. */

import { type Command, Option } from "commander";
import type { Context } from "./context.ts";

/** A flag as commander writes it, and the sentence about it. */
export type ToldFlag = readonly [flags: string, sentence: string];

/** Declares them, out of sight of `--help`; each that is given is told on standard error. */
export function addToldFlags(
  command: Command,
  { terminal }: Context,
  flags: readonly ToldFlag[],
): Command {
  const options = flags.map(([text, sentence]) => [new Option(text).hideHelp(), sentence] as const);
  for (const [option] of options) command.addOption(option);
  return command.hook("preAction", () => {
    for (const [option, sentence] of options)
      if (command.getOptionValueSource(option.attributeName()) === "cli")
        terminal.warn(`${option.long} ${sentence}\n`);
  });
}

/** The sentence about a flag that changes nothing. */
export const idle = (reason: string): string => `has no effect: ${reason}`;

/** The sentence about a flag that has another name now. */
export const deprecated = (name: string): string => `is deprecated: use ${name}`;
