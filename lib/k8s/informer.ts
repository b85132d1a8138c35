/** Lists and watches one resource into a store, and tells who listens what changed. */

import type { Logger } from "#lib/log/logger.ts";
import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import type { KubeClient, ListOptions } from "./client.ts";
import type { ObjectName, Resource } from "./resource.ts";
import type { KubeList, KubeObject } from "./types/meta.ts";
import type { WatchEvent } from "./watch.ts";

/** What became of one object; `previous` is what the store had before. */
export type Change<T> = {
  readonly type: "added" | "modified" | "deleted";
  readonly object: T;
  readonly previous: T | undefined;
};

/** The last good state of a resource: it stays while the API is away. */
export interface Informer<T> {
  /** Settles when the first list is in the store. */
  readonly synced: Promise<void>;
  get(name: ObjectName): T | undefined;
  list(): readonly T[];
  /** Every later change, after the store holds it; returns the way to unsubscribe. */
  subscribe(listener: (change: Change<T>) => void): () => void;
  stop(): void;
}

/** What to watch, by which client; time and randomness for the waits between tries. */
export type InformerOptions<T extends KubeObject> = Pick<
  ListOptions,
  "namespace" | "labelSelector" | "fieldSelector"
> & {
  readonly client: KubeClient;
  readonly resource: Resource<T>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
};

/** Waits between tries while the API is away, in milliseconds. */
const RETRY = { minMs: 200, maxMs: 10_000, jitter: 0.5 } as const;
/** Objects asked for in one page of a list. */
const PAGE_LIMIT = 500;
/** A watch that lasted this long, in milliseconds, counts as having worked. */
const SOUND_WATCH_MS = 1_000;

/** Starts an informer; it runs, and tries again, until stopped. */
export function startInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  return new ListAndWatch(options);
}

class ListAndWatch<T extends KubeObject> implements Informer<T> {
  readonly synced: Promise<void>;
  readonly #options: InformerOptions<T>;
  readonly #query: ListOptions;
  readonly #store = new Map<string, T>();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  readonly #backoff: Backoff;
  readonly #abort = new AbortController();
  readonly #resolveSynced: () => void;
  /** Where the next watch goes on; undefined asks for a list first. */
  #version: string | undefined;
  #timer: Timer | undefined;

  constructor(options: InformerOptions<T>) {
    const { namespace, labelSelector, fieldSelector } = options;
    this.#options = options;
    this.#query = { namespace, labelSelector, fieldSelector };
    this.#backoff = createBackoff({ ...RETRY, random: options.random });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#resolveSynced = resolve;
    this.#run();
  }

  get({ name, namespace = "" }: ObjectName): T | undefined {
    return this.#store.get(`${namespace}/${name}`);
  }

  list(): readonly T[] {
    return [...this.#store.values()];
  }

  subscribe(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  stop(): void {
    this.#listeners.clear();
    this.#timer?.cancel();
    this.#abort.abort();
  }

  /** One round after the other; what a round throws is logged and waited out. */
  #run(): void {
    if (this.#abort.signal.aborted) return;
    const { clock, logger, resource } = this.#options;
    const started = clock.now();
    this.#round().then(
      () => {
        if (clock.now() - started >= SOUND_WATCH_MS) this.#backoff.reset();
        this.#again();
      },
      (error: unknown) => {
        if (this.#abort.signal.aborted) return;
        logger.warn("watch failed", { resource: resource.plural, error: String(error) });
        this.#again();
      },
    );
  }

  #again(): void {
    if (this.#abort.signal.aborted) return;
    this.#timer = this.#options.clock.after(this.#backoff.next(), () => this.#run());
  }

  async #round(): Promise<void> {
    this.#version ??= await this.#list();
    const { client, resource } = this.#options;
    const signal = this.#abort.signal;
    const watch = { ...this.#query, resourceVersion: this.#version, signal };
    for await (const event of client.watch(resource, watch)) {
      if (signal.aborted) return;
      this.#take(event);
      if (this.#version === undefined) return;
    }
  }

  /** Reads all pages, tells the differences to what the store has, and returns the version. */
  async #list(): Promise<string> {
    const { client, resource } = this.#options;
    const seen = new Map<string, T>();
    let page: KubeList<T>;
    let next: string | undefined;
    do {
      page = await client.list(resource, { ...this.#query, limit: PAGE_LIMIT, continue: next });
      for (const item of page.items) seen.set(keyOf(item), item);
      next = page.metadata?._continue ?? (page.metadata as { continue?: string })?.continue;
    } while (next !== undefined && next !== "");
    for (const [key, object] of this.#store) if (!seen.has(key)) this.#drop(key, object);
    for (const [key, object] of seen) this.#put(key, object);
    this.#resolveSynced();
    return page.metadata?.resourceVersion ?? "";
  }

  #take(event: WatchEvent): void {
    switch (event.type) {
      case "BOOKMARK":
        this.#version = event.resourceVersion;
        return;
      case "EXPIRED":
      case "ERROR":
        this.#version = undefined;
        return;
      case "ADDED":
      case "MODIFIED":
      case "DELETED": {
        const object = event.object as T;
        this.#version = object.metadata?.resourceVersion ?? this.#version;
        if (event.type === "DELETED") this.#drop(keyOf(object), object);
        else this.#put(keyOf(object), object);
      }
    }
  }

  #put(key: string, object: T): void {
    const previous = this.#store.get(key);
    const version = object.metadata?.resourceVersion;
    // A list repeats what the store has; only what differs is news.
    if (previous !== undefined && previous.metadata?.resourceVersion === version) return;
    this.#store.set(key, object);
    this.#tell({ type: previous === undefined ? "added" : "modified", object, previous });
  }

  #drop(key: string, object: T): void {
    const previous = this.#store.get(key);
    if (previous === undefined) return;
    this.#store.delete(key);
    this.#tell({ type: "deleted", object, previous });
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}

const keyOf = ({ metadata }: KubeObject): string =>
  `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
