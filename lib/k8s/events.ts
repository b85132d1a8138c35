/** Writes Events: what is told again is counted in one object, the queue is bounded, and nobody waits for the API. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import type { KubeClient } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { DEPLOYMENTS, EVENTS } from "./resource.ts";
import type { KubeEvent } from "./types/event.ts";

/** What an event is about. `kubectl describe` finds it by the uid where one is known. */
export type EventSubject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid?: string | undefined;
};

/** A Deployment, with its uid as the API knows it; undefined where it does not. */
export async function deploymentSubject(
  client: Pick<KubeClient, "get">,
  name: { readonly name: string; readonly namespace: string },
): Promise<EventSubject | undefined> {
  const found = await client.get(DEPLOYMENTS, name).catch(() => undefined);
  const uid = found?.metadata?.uid;
  return uid === undefined
    ? undefined
    : { apiVersion: "apps/v1", kind: "Deployment", ...name, uid };
}

/** What happened. The message is the same each time: then it is counted. */
export type EventFacts = {
  readonly type: "Normal" | "Warning";
  /** One word in UpperCamelCase. */
  readonly reason: string;
  readonly message: string;
};

/** Takes events at once and writes them later. */
export interface EventWriter {
  /** `refine` is asked, before the first write, for a better subject: undefined keeps the one that was given. */
  write(
    subject: EventSubject,
    facts: EventFacts,
    refine?: () => Promise<EventSubject | undefined>,
  ): void;
  /** How many were never written: there was no room, or the API would not take them. */
  readonly dropped: number;
  /** Writes no more. */
  stop(): void;
}

/** So many events wait at most; more are dropped. */
export const QUEUE_LIMIT: number = 1_000;
/** So many kinds of event are remembered, so that they are counted. */
export const BOOK_LIMIT: number = 4_096;
/** An event that is told again is written again after this long at the earliest, milliseconds. */
export const SERIES_SPACING_MS: number = 10_000;
/** What is told again after this long is a new event; the API server itself forgets events after an hour. */
export const SERIES_LIFE_MS: number = 1_800_000;

const NAME_LIMIT = 230;
const MESSAGE_LIMIT = 1_024;

/** What a writer needs. */
export type EventOptions = {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Who tells, as `kubectl describe` shows it: `linkerd-proxy-injector`. */
  readonly component: string;
};

type Entry = {
  readonly key: string;
  subject: EventSubject;
  readonly facts: EventFacts;
  refine: (() => Promise<EventSubject | undefined>) | undefined;
  /** The name of the object, once it is created. */
  name: string | undefined;
  count: number;
  written: number;
  readonly firstMs: number;
  lastMs: number;
  /** In the queue, or being written. */
  waiting: boolean;
  timer: Timer | undefined;
};

/** Creates a writer; it writes one event after the other. */
export function createEventWriter(options: EventOptions): EventWriter {
  return new Writer(options);
}

class Writer implements EventWriter {
  readonly #options: EventOptions;
  /** By subject and facts, the oldest first. */
  readonly #book = new Map<string, Entry>();
  readonly #queue: Entry[] = [];
  #isRunning = false;
  #hasFailed = false;
  #stopped = false;
  #dropped = 0;

  constructor(options: EventOptions) {
    this.#options = options;
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(subject: EventSubject, facts: EventFacts, refine?: Entry["refine"]): void {
    if (this.#stopped) return;
    const now = this.#options.clock.wall();
    const entry = this.#entry(subject, { facts, refine, now });
    entry.count++;
    entry.lastMs = now;
    if (entry.waiting || entry.timer !== undefined) return;
    if (entry.written === 0) this.#enqueue(entry);
    else this.#enqueueLater(entry);
  }

  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    for (const { timer } of this.#book.values()) timer?.cancel();
  }

  #entry(
    subject: EventSubject,
    how: { readonly facts: EventFacts; readonly refine: Entry["refine"]; readonly now: number },
  ): Entry {
    const { namespace, kind, name, uid = "" } = subject;
    const { type, reason, message } = how.facts;
    const key = JSON.stringify([namespace, kind, name, uid, type, reason, message]);
    const known = this.#book.get(key);
    if (known !== undefined && how.now - known.firstMs < SERIES_LIFE_MS) return known;
    known?.timer?.cancel();
    this.#book.delete(key);
    const oldest = this.#book.values().next().value;
    if (this.#book.size >= BOOK_LIMIT && oldest !== undefined) {
      oldest.timer?.cancel();
      this.#book.delete(oldest.key);
    }
    const entry: Entry = {
      key,
      subject,
      facts: how.facts,
      refine: how.refine,
      name: undefined,
      count: 0,
      written: 0,
      firstMs: how.now,
      lastMs: how.now,
      waiting: false,
      timer: undefined,
    };
    this.#book.set(key, entry);
    return entry;
  }

  #enqueueLater(entry: Entry): void {
    entry.timer = this.#options.clock.after(SERIES_SPACING_MS, () => {
      entry.timer = undefined;
      this.#enqueue(entry);
    });
  }

  #enqueue(entry: Entry): void {
    if (this.#stopped) return;
    if (this.#queue.length >= QUEUE_LIMIT) {
      this.#dropped++;
      if (entry.written === 0) this.#book.delete(entry.key);
      return;
    }
    entry.waiting = true;
    this.#queue.push(entry);
    // `run` catches what writing throws.
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      try {
        entry.written = await this.#send(entry);
        entry.waiting = false;
        this.#hasFailed = false;
        if (entry.count > entry.written && !this.#stopped) this.#enqueueLater(entry);
      } catch (error) {
        this.#dropped++;
        this.#book.delete(entry.key);
        this.#tell(error);
      }
    }
    this.#isRunning = false;
  }

  /** The first failure of many is told. */
  #tell(error: unknown): void {
    const { log } = this.#options;
    const fields = { error: error instanceof Error ? error.message : String(error) };
    if (this.#hasFailed) log.debug("Cannot write event", fields);
    else log.warn("Cannot write event", fields);
    this.#hasFailed = true;
  }

  /** Creates the object, or counts on in it; the count that it has then. */
  async #send(entry: Entry): Promise<number> {
    const { client } = this.#options;
    const { refine } = entry;
    entry.refine = undefined;
    entry.subject = (await refine?.()) ?? entry.subject;
    const { namespace } = entry.subject;
    const { name, count } = entry;
    if (name !== undefined) {
      const body = { count, lastTimestamp: stamp(entry.lastMs) };
      const isGone = await client.patch(EVENTS, { name, namespace }, { type: "merge", body }).then(
        () => false,
        (error: unknown) => {
          if (error instanceof KubeError && error.code === "not-found") return true;
          throw error;
        },
      );
      if (!isGone) return count;
    }
    const event = this.#event(entry);
    await client.create(EVENTS, event);
    entry.name = event.metadata.name;
    return count;
  }

  #event({ subject, facts, count, firstMs, lastMs }: Entry): KubeEvent {
    const { clock, random, component } = this.#options;
    const { apiVersion, kind, name, namespace, uid } = subject;
    const unique = `${clock.wall().toString(16)}${Math.floor(random() * 2 ** 32).toString(16)}`;
    const prefix = name.slice(0, NAME_LIMIT).replace(/[^a-z0-9]+$/, "");
    return {
      metadata: { name: `${prefix}.${unique}`, namespace },
      involvedObject: { apiVersion, kind, name, namespace, ...(uid !== undefined && { uid }) },
      type: facts.type,
      reason: facts.reason,
      message: facts.message.slice(0, MESSAGE_LIMIT),
      source: { component },
      reportingComponent: component,
      reportingInstance: "",
      firstTimestamp: stamp(firstMs),
      lastTimestamp: stamp(lastMs),
      count,
    };
  }
}

/** RFC 3339 without fractions, as Kubernetes writes times. */
const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
