/** Lists and watches one resource into a store, and tells who listens what changed. */

import type { Logger } from "#lib/log/logger.ts";
import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import type { KubeClient, ListOptions } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { type Change, keyOf, ObjectStore } from "./object-store.ts";
import { PassedOver } from "./passed-over.ts";
import type { ObjectName, Resource } from "./resource.ts";
import { versionOrder } from "./resource-version.ts";
import { hasName } from "./shape.ts";
import type { KubeList, KubeObject } from "./types/meta.ts";
import type { WatchEvent } from "./watch.ts";

/** The last good state of a resource: it stays while the API is away. */
export interface Informer<T> {
  /** Settles when the first list is in the store. */
  readonly synced: Promise<void>;
  /** Whether the API cannot be listed or watched at the moment: what is known may be old. */
  readonly degraded: boolean;
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
  /** Whether an object has the form that its reader expects: one that has not is passed over. */
  readonly accepts?: (object: T) => boolean;
  /** `empty`: a kind that the API does not serve has no objects. Not said: it is waited for. */
  readonly absent?: "empty";
  /** What the store keeps of an object: its name and version, and what is read of it. Not said: all of it. */
  readonly keep?: (object: T) => T;
};

/** Waits between tries while the API is away, in milliseconds. */
const RETRY = { minMs: 200, maxMs: 10_000, jitter: 0.5 } as const;
/** Objects asked for in one page of a list. */
const PAGE_LIMIT = 500;
/** A watch that lasted this long, in milliseconds, counts as having worked: the next one follows at once. */
const SOUND_WATCH_MS = 10_000;
/** From one list to the next, in milliseconds: who watches others' lists fail must not list without end. */
export const LIST_INTERVAL_MS = 5_000;
/** A server ends a watch after this, and says before it does how far it has come; seconds, up to a fifth less by chance. */
const WATCH_SECONDS = 48;
/** A watch that is not answered, or not ended by the server, within this time has stalled; milliseconds. */
export const STALL_LIMIT_MS = 55_000;
/** What the API asks to be left alone for counts up to this; milliseconds. */
const RETRY_AFTER_LIMIT_MS = 60_000;
/** A server that does not know a version yet, because its data were restored, answers so. */
const GATEWAY_TIMEOUT = 504;

/** How often a kind that is not served is asked for again; milliseconds. */
const ABSENT_INTERVAL_MS = 30_000;

/** Starts an informer; it runs, and tries again, until stopped. */
export function startInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  return new ListAndWatch(options);
}

class ListAndWatch<T extends KubeObject> implements Informer<T> {
  readonly synced: Promise<void>;
  degraded = false;
  readonly #options: InformerOptions<T>;
  readonly #query: ListOptions;
  readonly #store: ObjectStore<T>;
  readonly #backoff: Backoff;
  readonly #keep: (object: T) => T;
  readonly #resolveSynced: () => void;
  readonly #passedOver: PassedOver<T>;
  /** Where the next watch goes on; undefined asks for a list first. */
  #version: string | undefined;
  /** How far this has ever come, and when it listed last. */
  #newest = "";
  #listedMs = Number.NEGATIVE_INFINITY;
  #watch: AbortController | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: InformerOptions<T>) {
    const { namespace, labelSelector, fieldSelector, logger, resource } = options;
    this.#options = options;
    this.#passedOver = new PassedOver(options);
    this.#query = { namespace, labelSelector, fieldSelector };
    this.#keep = options.keep ?? ((object) => object);
    this.#store = new ObjectStore<T>((error) =>
      logger.error("change not taken", { resource: resource.plural, error: String(error) }),
    );
    this.#backoff = createBackoff({ ...RETRY, random: options.random });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#resolveSynced = resolve;
    this.#run();
  }

  get(name: ObjectName): T | undefined {
    return this.#store.get(name);
  }

  list(): readonly T[] {
    return this.#store.list();
  }

  subscribe(listener: (change: Change<T>) => void): () => void {
    return this.#store.subscribe(listener);
  }

  stop(): void {
    this.#stopped = true;
    this.#store.forgetListeners();
    this.#timer?.cancel();
    this.#watch?.abort();
  }

  /** One round after the other; what a round throws is logged and waited out. */
  #run(): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const started = clock.now();
    const isSound = (): boolean => clock.now() - started >= SOUND_WATCH_MS;
    this.#round().then(
      () => this.#again({ atOnce: isSound(), leastMs: 0 }),
      (error: unknown) => {
        if (this.#stopped) return;
        if (isSound()) this.#backoff.reset();
        this.#again({ atOnce: false, leastMs: this.#failed(error) });
      },
    );
  }

  /** How long the API wants to be left alone. */
  #failed(error: unknown): number {
    const { logger, random, resource } = this.#options;
    if (this.#isAbsent(error)) {
      this.degraded = false;
      this.#resolveSynced();
      return ABSENT_INTERVAL_MS * (1 + RETRY.jitter * random());
    }
    logger.warn("watch failed", { resource: resource.plural, error: String(error) });
    this.degraded = true;
    if (!(error instanceof KubeError)) return 0;
    // A watch that is not found is of a version, or a kind, that is no longer served: a list finds what is.
    const ended = error.code === "invalid" || error.code === "not-found";
    if (ended || error.status === GATEWAY_TIMEOUT) this.#version = undefined;
    return Math.min(error.retryAfterMs ?? 0, RETRY_AFTER_LIMIT_MS) * (1 + RETRY.jitter * random());
  }

  /** A kind that has gone took its objects with it: where there are some, the server is not itself. */
  #isAbsent(error: unknown): boolean {
    return (
      this.#options.absent === "empty" &&
      error instanceof KubeError &&
      error.code === "not-found" &&
      this.#version === undefined &&
      this.#store.list().length === 0
    );
  }

  #again({ atOnce, leastMs }: { readonly atOnce: boolean; readonly leastMs: number }): void {
    if (this.#stopped) return;
    if (atOnce) this.#backoff.reset();
    const { clock } = this.#options;
    const goesOn = atOnce && this.#version !== undefined;
    const waitMs = goesOn ? 0 : Math.max(this.#backoff.next(), leastMs);
    const listMs =
      this.#version === undefined ? this.#listedMs + LIST_INTERVAL_MS - clock.now() : 0;
    this.#timer = clock.after(Math.max(waitMs, listMs), () => this.#run());
  }

  async #round(): Promise<void> {
    this.#version ??= await this.#list();
    if (this.#stopped) return;
    const { client, clock, random, resource } = this.#options;
    const watch = new AbortController();
    this.#watch = watch;
    const { signal } = watch;
    const stalled = `Cannot go on watching ${resource.plural}: the watch has stalled; it is opened again`;
    const limit = (): Timer => clock.after(STALL_LIMIT_MS, () => watch.abort(new Error(stalled)));
    let stall = limit();
    const timeoutSeconds = Math.round(WATCH_SECONDS * (1 - 0.2 * random()));
    const query = { ...this.#query, resourceVersion: this.#version, timeoutSeconds, signal };
    try {
      for await (const event of client.watch(resource, query)) {
        if (signal.aborted) break;
        if (event.type === "OPENED") {
          stall.cancel();
          stall = limit();
        }
        this.#take(event);
        if (this.#version === undefined) return;
      }
      signal.throwIfAborted();
    } finally {
      stall.cancel();
    }
  }

  /** Lists, tells the differences to what the store has, and returns the version. */
  async #list(): Promise<string> {
    const { clock, logger, resource } = this.#options;
    const { seen, version } = await this.#readPages();
    this.#listedMs = clock.now();
    // After a restore the same version may mean something else: nothing that is known counts any more.
    const restored = versionOrder(version, this.#newest) === "before";
    if (restored)
      logger.warn("versions went back: all is taken anew", { resource: resource.plural });
    for (const object of this.#store.list())
      if (!seen.has(keyOf(object)) && !this.#passedOver.has(object)) this.#store.drop(object);
    for (const object of seen.values())
      if (restored) this.#store.set(object);
      else this.#store.put(object);
    this.#newest = version;
    this.degraded = false;
    this.#resolveSynced();
    return version;
  }

  async #readPages(): Promise<{ readonly seen: Map<string, T>; readonly version: string }> {
    const { client, resource } = this.#options;
    const seen = new Map<string, T>();
    this.#passedOver.begin();
    let page: KubeList<T>;
    let next: string | undefined;
    do {
      page = await client.list(resource, { ...this.#query, limit: PAGE_LIMIT, continue: next });
      for (const item of page.items)
        if (this.#passedOver.isReadable(item)) seen.set(keyOf(item), this.#keep(item));
      next = page.metadata?._continue ?? (page.metadata as { continue?: string })?.continue;
    } while (next !== undefined && next !== "");
    return { seen, version: page.metadata?.resourceVersion ?? "" };
  }

  #take(event: WatchEvent): void {
    const { logger, resource } = this.#options;
    switch (event.type) {
      case "OPENED":
        this.degraded = false;
        return;
      case "UNREADABLE":
        logger.warn("event passed over", { resource: resource.plural, error: event.message });
        return;
      case "BOOKMARK":
        this.#advance(event.resourceVersion);
        return;
      case "EXPIRED":
      case "ERROR":
        this.#version = undefined;
        return;
      case "ADDED":
      case "MODIFIED":
      case "DELETED": {
        const object = event.object as T;
        const isGone = event.type === "DELETED";
        const isReadable = this.#passedOver.isReadable(object);
        // One that cannot be read is gone all the same.
        if (!(isReadable || (isGone && hasName(object)))) return;
        if (!this.#advance(object.metadata?.resourceVersion)) return;
        if (!isGone) this.#store.put(this.#keep(object));
        else if (isReadable) this.#store.drop(this.#keep(object));
        else this.#store.lose(object);
      }
    }
  }

  /**
   * Moves to the version of an event; false where that is none that is new. A watch gives what came later than where
   * it began: what is older is no news, and says that the server's data are others than they were.
   */
  #advance(version: string | undefined): boolean {
    if (version === undefined) return true;
    const order = versionOrder(version, this.#version ?? "");
    if (order === "same") return false;
    if (order === "before") {
      this.#version = undefined;
      return false;
    }
    this.#version = version;
    this.#newest = version;
    return true;
  }
}
