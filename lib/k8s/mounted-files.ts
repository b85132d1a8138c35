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

/** Which files, and what is done with them. */
export type FileOptions<N extends string> = {
  readonly paths: Texts<N>;
  readonly clock: Clock;
  /** Throws where the texts cannot be used. */
  readonly take: (texts: Texts<N>) => void;
  readonly onFault: (error: Error) => void;
};

/** Reads the files and gives them to `take`; rejects where that fails. Later only what changed is taken, and what cannot be is told to `onFault` while the last good state stays. */
export async function watchFiles<N extends string>(options: FileOptions<N>): Promise<WatchedFiles> {
  const watch = new FileWatch(options);
  await watch.look();
  watch.again();
  return watch;
}

/** The same for files that may come later: a first look that fails is told to `onFault` as well, and looked again. `tried` settles after it. */
export function awaitFiles<N extends string>(
  options: FileOptions<N>,
): WatchedFiles & { readonly tried: Promise<void> } {
  const watch = new FileWatch(options);
  return { tried: watch.lookAndGoOn(), stop: () => watch.stop() };
}

class FileWatch<N extends string> implements WatchedFiles {
  readonly #options: FileOptions<N>;
  #taken: Texts<N> | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: FileOptions<N>) {
    this.#options = options;
  }

  async look(): Promise<void> {
    const texts = await readAll(this.#options.paths);
    if (this.#stopped || Bun.deepEquals(texts, this.#taken)) return;
    this.#options.take(texts);
    this.#taken = texts;
  }

  async lookAndGoOn(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      if (!this.#stopped)
        this.#options.onFault(error instanceof Error ? error : new Error(String(error)));
    }
    this.again();
  }

  again(): void {
    if (!this.#stopped) this.#timer = this.#options.clock.after(REREAD_MS, this.#run);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  readonly #run = (): void => void this.lookAndGoOn();
}

async function readAll<N extends string>(paths: Texts<N>): Promise<Texts<N>> {
  const entries = Object.entries<string>(paths).map(
    async ([name, path]) => [name, await readFile(path, "utf8")] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as Texts<N>;
}
