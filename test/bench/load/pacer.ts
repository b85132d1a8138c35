/** Wakes the generator at instants that timers of the event loop miss by a millisecond. */

import { writeSync } from "node:fs";

/** More ticks a second cost more than they tell; what is due between two goes out at the next. */
const MOST_TICKS_A_SECOND = 4000;
const TICK: Uint8Array = Uint8Array.of(1);
/** Waiting for it is a sleep that keeps to microseconds; the runtime's own sleeps whole milliseconds. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Milliseconds on a clock that processes of one machine share. */
export const sharedNow = (): number => performance.timeOrigin + performance.now();

/** A pacer that runs, until it is stopped. */
export interface Pacer {
  stop(): void;
}

/** Calls `onTick` from `startMs` of the shared clock on, so many times a second, a few microseconds after each instant. */
export function startPacer(
  { startMs, perSecond }: { readonly startMs: number; readonly perSecond: number },
  onTick: () => void,
): Pacer {
  const ticks = Math.min(perSecond, MOST_TICKS_A_SECOND);
  const child = Bun.spawn([process.execPath, import.meta.path, String(startMs), String(ticks)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  void follow(child.stdout, onTick);
  return { stop: () => child.kill("SIGKILL") };
}

async function follow(stream: ReadableStream<Uint8Array>, onTick: () => void): Promise<void> {
  for await (const _ of stream) onTick();
}

/** The child: a thread that only sleeps and writes, and ends when nobody reads. */
function tick(startMs: number, perSecond: number): void {
  for (let i = 0; ; i++) {
    const wait = startMs + (i * 1000) / perSecond - sharedNow();
    if (wait > 0) Atomics.wait(NEVER, 0, 0, wait);
    try {
      writeSync(1, TICK);
    } catch {
      return;
    }
  }
}

if (import.meta.main) tick(Number(process.argv[2]), Number(process.argv[3]));
