/** Standard output and error as commands write to them: on a terminal what it would act on is written out, and progress is shown. */

import { createColors } from "picocolors";
import type { Terminal } from "./context.ts";
import { escapeText } from "./terminal-text.ts";

/** A stream of the process. */
export type Out = { readonly isTTY?: boolean; write(text: string): unknown };

/** Our own colours, which stay. */
const COLOURS = ["bold", "green", "yellow", "red"] as const;
const OWN = new Set(
  COLOURS.flatMap((name) => createColors(true)[name]("|").split("|")).filter((code) => code !== ""),
);
// biome-ignore lint/suspicious/noControlCharactersInRegex: the beginning of a colour
const CODE = /(\u001b\[\d{1,2}m)/;
/** To the beginning of the line, and all of it away. */
const CLEAR = "\r\u001b[K";

/** A file or a pipe gets every byte; a terminal what it can be trusted with. */
export function createTerminal(options: {
  readonly out: Out;
  readonly err: Out;
  readonly stdin: () => Promise<string>;
  readonly colours: boolean;
}): Terminal {
  const { out, err, stdin, colours } = options;
  let shown = false;
  const progress = (text: string): void => {
    if (err.isTTY !== true || (text === "" && !shown)) return;
    shown = text !== "";
    err.write(CLEAR + escapeText(text.split("\n")[0] ?? ""));
  };
  const writer = (to: Out): ((text: string) => void) => {
    return (text) => {
      progress("");
      to.write(to.isTTY === true ? escapeButColours(text) : text);
    };
  };
  return { write: writer(out), warn: writer(err), stdin, colours, progress };
}

function escapeButColours(text: string): string {
  return text
    .split(CODE)
    .map((part) => (OWN.has(part) ? part : escapeText(part)))
    .join("");
}
