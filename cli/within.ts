/** How long a command waits for an answer. */

import type { Context } from "./context.ts";

/** Milliseconds of one sleep: a long one would keep the process after the answer. */
const SLEEP_MS = 100;

/** An answer, or undefined where none has come in `ms`; what it fails with is thrown. */
export async function within<T>(
  answer: Promise<T>,
  ms: number,
  { now, sleep }: Pick<Context, "now" | "sleep">,
): Promise<T | undefined> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  const settling = answer.then(settle, settle);
  const endMs = now() + ms;
  while (!settled && now() < endMs) await Promise.race([settling, sleep(SLEEP_MS)]);
  return settled ? await answer : undefined;
}
