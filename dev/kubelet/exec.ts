/** A command in a container for the kubelet itself: probes and hooks. */

import type { Clock } from "#lib/time/clock.ts";
import type { RunningContainer } from "./container.ts";

/** Milliseconds between looks at whether a container that is being made has started. */
const LOOK_MS = 10;
/** The status of a command that could not be run, as the shell has it. */
const EXEC_FAILED = 126;

/** Runs it once the container has started; its exit status. Ends it when its time is over. */
export async function execIn(
  running: RunningContainer,
  words: readonly string[],
  { timeoutMs, clock }: { readonly timeoutMs: number; readonly clock: Clock },
): Promise<number> {
  const end = clock.now() + timeoutMs;
  while (!running.isInside() && clock.now() < end) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(LOOK_MS, resolve);
    await Promise.race([promise, running.exited]);
    timer.cancel();
  }
  if (!running.isInside()) return EXEC_FAILED;
  const child = Bun.spawn(running.command(words), {
    ...{ timeout: Math.max(1, Math.ceil(end - clock.now())), killSignal: "SIGKILL" },
    ...{ stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  });
  return await child.exited;
}
