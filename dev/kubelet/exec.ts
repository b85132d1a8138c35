/** A command in a container for the kubelet itself: probes and hooks. */

import { readFileSync } from "node:fs";
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
  if (!(await entered(running, { end, clock }))) return EXEC_FAILED;
  const child = Bun.spawn(running.command(words), {
    env: running.environment,
    ...{ stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  });
  const timer = clock.after(Math.max(0, end - clock.now()), () => killCommand(child.pid));
  const code = await child.exited;
  timer.cancel();
  return code;
}

/** Whether it is inside before its time is over. */
async function entered(
  running: RunningContainer,
  { end, clock }: { readonly end: number; readonly clock: Clock },
): Promise<boolean> {
  let over = false;
  const exited = running.exited.then(() => {
    over = true;
  });
  while (!running.isInside() && !over && clock.now() < end) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(LOOK_MS, resolve);
    await Promise.race([promise, exited]);
    timer.cancel();
  }
  return running.isInside();
}

/** Ends a command in a container and the program outside that waits for it; one that has ended is success. */
export function killCommand(pid: number): void {
  // The one outside first: it would see the other one end, and say how.
  for (const each of [pid, ...childrenOf(pid)])
    try {
      process.kill(each, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .split(" ")
      .filter((word) => word !== "")
      .map(Number);
  } catch {
    return [];
  }
}
