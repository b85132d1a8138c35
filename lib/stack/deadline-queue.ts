/** Things that must be done within the same time, kept by one timer for all of them. */

import type { Clock, Timer } from "#lib/time/clock.ts";

/** Timers are set to at most this many milliseconds; what is due later is looked at again. */
const TIMER_LIMIT_MS = 24 * 60 * 60 * 1000;

/** Whoever has deadlines, each of its own kind. */
export interface DeadlineOwner<Kind extends string> {
  /** It was not done in time; called once a start. */
  onDeadline(kind: Kind): void;
}

/** One thing that is to be done in time: it stands in one queue, or in none. */
export class Deadline<Kind extends string = string> {
  readonly owner: DeadlineOwner<Kind>;
  readonly kind: Kind;
  /** When it is due, and its place: for its queue alone. */
  atMs = 0;
  queue: DeadlineQueue | undefined;
  before: Deadline | undefined;
  after: Deadline | undefined;

  constructor(owner: DeadlineOwner<Kind>, kind: Kind) {
    this.owner = owner;
    this.kind = kind;
  }

  /** It was done in time, or nobody wants it any more. */
  stop(): void {
    this.queue?.remove(this);
  }

  expire(): void {
    this.owner.onDeadline(this.kind);
  }
}

/** Deadlines that are all due equally long after their start: the first that was started is the first that is due. */
export class DeadlineQueue {
  readonly afterMs: number;
  readonly #clock: Clock;
  readonly #onEmpty: (() => void) | undefined;
  #first: Deadline | undefined;
  #last: Deadline | undefined;
  #timer: Timer | undefined;

  /** `onEmpty` is called whenever the last deadline has left. */
  constructor(clock: Clock, afterMs: number, onEmpty?: () => void) {
    this.#clock = clock;
    this.afterMs = afterMs;
    this.#onEmpty = onEmpty;
  }

  /** Whether nobody stands in it. */
  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Starts a deadline, or starts it anew. */
  start(started: Deadline): void {
    const atMs = this.#clock.now() + this.afterMs;
    // Nobody would see that it had left; who is busy alone, or twice in one event, starts anew with every chunk.
    if (started.queue === this && (this.#last === started || started.atMs === atMs)) {
      started.atMs = atMs;
      return;
    }
    started.stop();
    started.atMs = atMs;
    started.queue = this;
    started.before = this.#last;
    if (this.#last === undefined) this.#first = started;
    else this.#last.after = started;
    this.#last = started;
    if (this.#timer === undefined) this.#arm(this.afterMs);
  }

  /** For deadlines of this queue alone, which stop themselves. */
  remove(deadline: Deadline): void {
    const { before, after } = deadline;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    deadline.queue = undefined;
    deadline.before = undefined;
    deadline.after = undefined;
    if (this.#first === undefined) this.#onEmpty?.();
  }

  /** The timer stays when the first deadline leaves: it then finds who is first by now, or nobody. */
  #arm(ms: number): void {
    this.#timer = this.#clock.after(Math.min(Math.ceil(ms), TIMER_LIMIT_MS), this.#wake);
  }

  readonly #wake = (): void => {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    for (let due = this.#first; due !== undefined && due.atMs <= nowMs; due = this.#first) {
      this.remove(due);
      due.expire();
    }
    if (this.#first !== undefined && this.#timer === undefined) this.#arm(this.#first.atMs - nowMs);
  };
}

/** Queues that were asked for and that nobody has ever stood in are kept up to so many. */
export const UNUSED_QUEUES_LIMIT = 1024;

/** Queues by their time, for times that are known only when they are wanted. */
export class DeadlineQueues {
  readonly #clock: Clock;
  readonly #byMs = new Map<number, DeadlineQueue>();
  /** At this size those are forgotten that nobody stands in. */
  #sweepSize = UNUSED_QUEUES_LIMIT;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many there are: those that somebody stands in, and some that were asked for in vain. */
  get size(): number {
    return this.#byMs.size;
  }

  /** The queue of this many milliseconds; it is forgotten when nobody stands in it. */
  of(ms: number): DeadlineQueue {
    let queue = this.#byMs.get(ms);
    if (queue === undefined) {
      if (this.#byMs.size >= this.#sweepSize) this.#sweep();
      queue = new DeadlineQueue(this.#clock, ms, () => this.#byMs.delete(ms));
      this.#byMs.set(ms, queue);
    }
    return queue;
  }

  #sweep(): void {
    for (const [ms, queue] of this.#byMs) if (queue.isEmpty) this.#byMs.delete(ms);
    this.#sweepSize = this.#byMs.size + UNUSED_QUEUES_LIMIT;
  }
}
