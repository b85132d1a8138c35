/** Files that a mounted Secret or ConfigMap changes under way: read again, and taken as a whole or not at all. */

import { readFile } from "node:fs/promises";
import type { Clock, Timer } from "#lib/time/clock.ts";

/** How often the files are read, in milliseconds; the kubelet itself takes up to a minute to write them. */
export const REREAD_MS = 5000;

/** Files that are looked after until stopped. */
export interface WatchedFiles {
  stop(): void;
}

/** Texts by the names that `paths` gives them. */
export type Texts<N extends string> = Readonly<Record<N, string>>;

/** Reads the files and gives them to `take`; rejects where that fails. Later only what changed is taken, and what cannot be is told to `onFault` while the last good state stays. */
export async function watchFiles<N extends string>(options: {
  readonly paths: Texts<N>;
  readonly clock: Clock;
  /** Throws where the texts cannot be used. */
  readonly take: (texts: Texts<N>) => void;
  readonly onFault: (error: Error) => void;
}): Promise<WatchedFiles> {
  const { paths, clock, take, onFault } = options;
  let taken = await readAll(paths);
  take(taken);
  let timer: Timer | undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    const texts = await readAll(paths);
    if (stopped || Bun.deepEquals(texts, taken)) return;
    take(texts);
    taken = texts;
  };
  const again = (): void => {
    if (!stopped) timer = clock.after(REREAD_MS, run);
  };
  const run = (): void => {
    look().then(again, (error: unknown) => {
      onFault(error instanceof Error ? error : new Error(String(error)));
      again();
    });
  };
  again();
  return {
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}

async function readAll<N extends string>(paths: Texts<N>): Promise<Texts<N>> {
  const entries = Object.entries<string>(paths).map(
    async ([name, path]) => [name, await readFile(path, "utf8")] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as Texts<N>;
}
