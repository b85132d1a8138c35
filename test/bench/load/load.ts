/** Load on kept connections: by schedule (open loop), or as fast as answers come (closed loop). */

import type { Channel, ChannelObserver, ChannelOptions } from "./channel.ts";
import { Histogram } from "./histogram.ts";
import { openChannel } from "./open-channel.ts";
import { type Pacer, sharedNow, startPacer } from "./pacer.ts";
import { type LoadResult, latencyOf } from "./result.ts";

/** How much load, for how long. */
export interface LoadOptions extends ChannelOptions {
  readonly connections: number;
  /** Requests a second, each due at its own instant whatever became of those before; not said: closed loop. */
  readonly rate?: number;
  readonly warmUpMs: number;
  readonly forMs: number;
}

/** The pacer is up by then, and so are the connections. */
const LEAD_MS = 300;
/** What was due in time is still sent and waited for so long. */
const GRACE_MS = 10_000;
const REOPEN_MS = 50;
/** So many failures are told one by one. */
const FAILURES_LIMIT = 10;

/** Runs one load to its end. `histogram` gets the latencies, for whoever wants more of them than the result says. */
export function runLoad(
  options: LoadOptions,
  histogram: Histogram = new Histogram(),
): Promise<LoadResult> {
  const run = new Run(options, histogram);
  return run.begin();
}

class Run implements ChannelObserver {
  readonly #options: LoadOptions;
  readonly #histogram: Histogram;
  readonly #startMs: number;
  readonly #measureMs: number;
  readonly #endMs: number;
  /** Requests of the whole schedule; in a closed loop there is none. */
  readonly #total: number;
  readonly #done = Promise.withResolvers<LoadResult>();
  readonly #live = new Set<Channel>();
  /** Free slots in the order they became free; those before `#head` are taken. */
  #free: Channel[] = [];
  #head = 0;
  #next = 0;
  #outstanding = 0;
  #answered = 0;
  #failed = 0;
  readonly #failures: string[] = [];
  #connections = 0;
  #lost = 0;
  #over = false;
  #pacer: Pacer | undefined;

  constructor(options: LoadOptions, histogram: Histogram) {
    const { rate, warmUpMs, forMs } = options;
    this.#options = options;
    this.#histogram = histogram;
    this.#startMs = sharedNow() + LEAD_MS;
    this.#measureMs = this.#startMs + warmUpMs;
    this.#endMs = this.#measureMs + forMs;
    this.#total = rate === undefined ? 0 : Math.floor((rate * (warmUpMs + forMs)) / 1000);
  }

  begin(): Promise<LoadResult> {
    const { rate, connections } = this.#options;
    for (let i = 0; i < connections; i++) this.#open();
    const dispatch = (): void => this.#dispatch();
    // A timer may come a fraction early.
    if (rate === undefined) setTimeout(dispatch, this.#startMs - sharedNow() + 1);
    else this.#pacer = startPacer({ startMs: this.#startMs, perSecond: rate }, dispatch);
    setTimeout(() => this.#checkEnd(), this.#endMs - sharedNow() + 1);
    setTimeout(() => this.#finish(), this.#endMs - sharedNow() + GRACE_MS);
    return this.#done.promise;
  }

  onFree(channel: Channel): void {
    this.#free.push(channel);
    this.#dispatch();
  }

  onAnswer(scheduledMs: number, ok: boolean, why = "failed"): void {
    this.#outstanding -= 1;
    if (this.#over) return;
    if (scheduledMs >= this.#measureMs) {
      this.#histogram.record((sharedNow() - scheduledMs) * 1000);
      if (ok) this.#answered += 1;
      else this.#onFailure(why);
    }
    if (this.#outstanding === 0) this.#checkEnd();
  }

  #onFailure(why: string): void {
    this.#failed += 1;
    const seconds = (sharedNow() - this.#measureMs) / 1000;
    if (this.#failures.length < FAILURES_LIMIT)
      this.#failures.push(`${seconds.toFixed(1)} s: ${why}`);
  }

  onClosed(channel: Channel, opened: boolean): void {
    this.#live.delete(channel);
    if (this.#over) return;
    this.#lost += 1;
    if (opened) this.#open();
    else
      setTimeout(() => {
        if (!this.#over) this.#open();
      }, REOPEN_MS);
  }

  #open(): void {
    this.#connections += 1;
    this.#live.add(openChannel(this.#options, this));
  }

  /** Sends what is due on the slots that are free. */
  #dispatch(): void {
    const now = sharedNow();
    if (this.#over || now < this.#startMs) return;
    while (this.#head < this.#free.length) {
      const dueMs = this.#dueMs(now);
      if (dueMs > now || dueMs >= this.#endMs) break;
      const channel = this.#free[this.#head] as Channel;
      this.#head += 1;
      if (!this.#live.has(channel)) continue;
      this.#next += 1;
      this.#outstanding += 1;
      channel.send(dueMs);
    }
    if (this.#head === this.#free.length || this.#head > 1024) {
      this.#free = this.#free.slice(this.#head);
      this.#head = 0;
    }
  }

  /** When the next request is due; in a closed loop, now. */
  #dueMs(now: number): number {
    const { rate } = this.#options;
    if (rate === undefined) return now;
    if (this.#next >= this.#total) return Number.POSITIVE_INFINITY;
    return this.#startMs + (this.#next * 1000) / rate;
  }

  #checkEnd(): void {
    if (this.#over || sharedNow() < this.#endMs) return;
    if (this.#outstanding === 0 && this.#next >= this.#total) this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#pacer?.stop();
    const due = this.#due();
    const unanswered = due - this.#answered - this.#failed;
    this.#recordUnanswered(unanswered);
    for (const channel of this.#live) channel.close();
    const seconds = this.#options.forMs / 1000;
    this.#done.resolve({
      seconds,
      due,
      answered: this.#answered,
      perSecond: this.#answered / seconds,
      failed: this.#failed,
      failures: this.#failures,
      unanswered,
      connections: this.#connections,
      lost: this.#lost,
      latencyUs: latencyOf(this.#histogram),
    });
  }

  /** Requests of the measured time that were due. */
  #due(): number {
    const { rate, warmUpMs } = this.#options;
    if (rate === undefined) return this.#answered + this.#failed + this.#outstanding;
    return this.#total - Math.ceil((rate * warmUpMs) / 1000);
  }

  /** The last of the schedule are those without an answer, as nearly as can be told. */
  #recordUnanswered(count: number): void {
    const now = sharedNow();
    const { rate } = this.#options;
    if (rate === undefined) return;
    for (let i = this.#total - count; i < this.#total; i++)
      this.#histogram.record((now - this.#startMs - (i * 1000) / rate) * 1000);
  }
}
