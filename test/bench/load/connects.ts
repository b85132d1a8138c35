/** New connections by schedule: one for each request, or many that are opened and held. */

import type { Channel, ChannelObserver, ChannelOptions } from "./channel.ts";
import { Histogram } from "./histogram.ts";
import { openChannel } from "./open-channel.ts";
import { type Pacer, sharedNow, startPacer } from "./pacer.ts";
import { type LoadResult, latencyOf } from "./result.ts";

/** How many connections, and what becomes of them. Each sends one request. */
export interface ConnectsOptions extends ChannelOptions {
  readonly count: number;
  /** Connections a second. */
  readonly rate: number;
  /** Milliseconds that all are held after the last was due; not said: each ends with its answer. */
  readonly holdMs?: number;
}

const LEAD_MS = 300;
const GRACE_MS = 10_000;

/** Opens them all; `connections` of the result are those that were answered, `lost` those that did not stay. */
export function runConnects(options: ConnectsOptions): Promise<LoadResult> {
  return new Connects(options).begin();
}

class Connects {
  readonly #options: ConnectsOptions;
  readonly #histogram = new Histogram();
  readonly #startMs: number = sharedNow() + LEAD_MS;
  readonly #done = Promise.withResolvers<LoadResult>();
  readonly #live = new Set<Channel>();
  #next = 0;
  #answered = 0;
  #failed = 0;
  #lost = 0;
  #over = false;
  #pacer: Pacer | undefined;

  constructor(options: ConnectsOptions) {
    this.#options = options;
  }

  begin(): Promise<LoadResult> {
    const { rate, count, holdMs } = this.#options;
    const pace = { startMs: this.#startMs, perSecond: rate };
    this.#pacer = startPacer(pace, () => this.#dispatch());
    const lastMs = LEAD_MS + (count * 1000) / rate;
    if (holdMs !== undefined) setTimeout(() => this.#finish(), lastMs + holdMs);
    else setTimeout(() => this.#finish(), lastMs + GRACE_MS);
    return this.#done.promise;
  }

  #dispatch(): void {
    const { rate, count } = this.#options;
    const now = sharedNow();
    while (!this.#over && this.#next < count) {
      const dueMs = this.#startMs + (this.#next * 1000) / rate;
      if (dueMs > now) return;
      this.#next += 1;
      this.#open(dueMs);
    }
  }

  #open(dueMs: number): void {
    let asked = false;
    let judged = false;
    const observer: ChannelObserver = {
      onFree: (channel) => {
        if (!asked) channel.send(dueMs);
        asked = true;
      },
      onAnswer: (_, ok) => {
        judged = true;
        this.#judge(dueMs, ok);
        if (this.#options.holdMs === undefined) this.#close(channel);
      },
      onClosed: () => {
        const held = this.#live.delete(channel);
        if (this.#over || !held) return;
        this.#lost += 1;
        if (!judged) this.#judge(dueMs, false);
      },
    };
    const channel = openChannel({ ...this.#options, streams: 1 }, observer);
    this.#live.add(channel);
  }

  #close(channel: Channel): void {
    this.#live.delete(channel);
    channel.close();
  }

  #judge(dueMs: number, ok: boolean): void {
    if (this.#over) return;
    this.#histogram.record((sharedNow() - dueMs) * 1000);
    if (ok) this.#answered += 1;
    else this.#failed += 1;
    const { count, holdMs } = this.#options;
    if (holdMs === undefined && this.#answered + this.#failed === count) this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#pacer?.stop();
    for (const channel of this.#live) channel.close();
    const { count, rate } = this.#options;
    const seconds = count / rate;
    this.#done.resolve({
      seconds,
      due: count,
      answered: this.#answered,
      perSecond: this.#answered / seconds,
      failed: this.#failed,
      failures: [],
      unanswered: count - this.#answered - this.#failed,
      connections: this.#answered,
      lost: this.#lost,
      latencyUs: latencyOf(this.#histogram),
    });
  }
}
