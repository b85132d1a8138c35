/** Flags of Linkerd's that have no effect here, or an older name: they are taken, and whoever gives one is told. */

import { type Command, Option } from "commander";
import type { Context } from "./context.ts";

/** A flag as commander writes it, the sentence about it, and the flag that it is an older name of. */
export type ToldFlag = readonly [flags: string, sentence: string, newer?: string];

/** Declares them, out of sight of `--help`; each that is given is told on standard error, and stands for its newer name where that is not given. */
export function addToldFlags(
  command: Command,
  { terminal }: Context,
  flags: readonly ToldFlag[],
): Command {
  const options = flags.map(
    ([text, sentence, newer]) => [new Option(text).hideHelp(), sentence, newer] as const,
  );
  for (const [option] of options) command.addOption(option);
  return command.hook("preAction", () => {
    for (const [option, sentence, newer] of options) {
      const name = option.attributeName();
      if (command.getOptionValueSource(name) !== "cli") continue;
      terminal.warn(`${option.long} ${sentence}\n`);
      const stands = newer === undefined ? undefined : new Option(newer).attributeName();
      if (stands !== undefined && command.getOptionValue(stands) === undefined)
        command.setOptionValue(stands, command.getOptionValue(name));
    }
  });
}

/** The sentence about a flag that changes nothing. */
export const idle = (reason: string): string => `has no effect: ${reason}`;

/** A flag that has another name now. */
export const older = (flags: string, newer: string): ToldFlag => [
  flags,
  `is deprecated: use ${newer}`,
  newer,
];
