/** Linkerd's three signs, coloured on a terminal. */

import { createColors } from "picocolors";

/** Passed, warning, failed. */
export type Symbols = { readonly ok: string; readonly warn: string; readonly fail: string };

/** The signs; without colours they are plain. */
export function symbolsFor(how: { readonly colours: boolean }): Symbols {
  const { bold, green, yellow, red } = createColors(how.colours);
  return { ok: bold(green("√")), warn: bold(yellow("‼")), fail: bold(red("×")) };
}
