/** Alarms for whoever has times to keep: thousands are set and silenced before any of them rings. */

import type { Clock, Timer } from "#lib/time/clock.ts";

/** Waits are of powers of two milliseconds, of which this is the highest power: 18 hours, less than the 24 days that a timer takes. */
const HIGHEST = 26;

/** One that rings when it was to, or before: who has it looks at the clock, and sets it again where it was too early. */
export abstract class Alarm {
  /** When it rings next; infinite where it is not set. This and its place in a queue are not for others to write. */
  ringsMs: number = Number.POSITIVE_INFINITY;
  before: Alarm | undefined;
  after: Alarm | undefined;

  /** It is this late, and it is no longer set. */
  abstract rung(nowMs: number): void;

  /** Nobody wants it to ring any more. */
  silence(): void {
    const { before, after } = this;
    if (before === undefined || after === undefined) return;
    before.after = after;
    after.before = before;
    this.before = undefined;
    this.after = undefined;
    this.ringsMs = Number.POSITIVE_INFINITY;
  }
}

/**
 * A queue for each wait that there is, with a timer of its own: who is set first rings first, so that setting and
 * silencing take two links, whatever the times are. A wait is rounded down, and what is left of it is waited for when
 * the alarm rings: a handful of rings for one that is due in the end, none for the others.
 */
export class Alarms {
  readonly #clock: Clock;
  /** By the power of two that they wait. */
  readonly #queues: (AlarmQueue | undefined)[] = new Array(HIGHEST + 1).fill(undefined);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Monotonic milliseconds. */
  now(): number {
    return this.#clock.now();
  }

  /** Sets an alarm, or sets it anew, for after so many milliseconds from 0; a fraction less than one rings after one. */
  set(alarm: Alarm, ms: number): void {
    const power = Math.max(0, 31 - Math.clz32(Math.min(ms, 2 ** HIGHEST)));
    let queue = this.#queues[power];
    if (queue === undefined) {
      queue = new AlarmQueue(this.#clock, 2 ** power);
      this.#queues[power] = queue;
    }
    alarm.silence();
    queue.add(alarm);
  }
}

/** What stands between the last alarm of a queue and its first: none has to ask whether it is either. */
class Ends extends Alarm {
  rung(): void {}
}

/** Alarms that all wait equally long. */
class AlarmQueue {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #ends = new Ends();
  #timer: Timer | undefined;

  constructor(clock: Clock, waitMs: number) {
    this.#clock = clock;
    this.#waitMs = waitMs;
    this.#ends.before = this.#ends;
    this.#ends.after = this.#ends;
  }

  add(alarm: Alarm): void {
    const ends = this.#ends;
    const last = ends.before as Alarm;
    alarm.ringsMs = this.#clock.now() + this.#waitMs;
    alarm.before = last;
    alarm.after = ends;
    last.after = alarm;
    ends.before = alarm;
    if (this.#timer === undefined) this.#wakeAfter(this.#waitMs);
  }

  /** The timer stays when the first alarm leaves: it then finds who is first by now, or nobody. */
  #wakeAfter(ms: number): void {
    this.#timer = this.#clock.after(Math.ceil(ms), this.#wake);
  }

  get #first(): Alarm {
    return this.#ends.after as Alarm;
  }

  /** The timer counts as set until all that is due has rung: what is set meanwhile is no earlier than who is first then. */
  readonly #wake = (): void => {
    const nowMs = this.#clock.now();
    try {
      // What is between the ends never rings.
      for (let due = this.#first; due.ringsMs <= nowMs; due = this.#first) {
        due.silence();
        due.rung(nowMs);
      }
    } finally {
      this.#timer = undefined;
      if (this.#first !== this.#ends) this.#wakeAfter(Math.max(1, this.#first.ringsMs - nowMs));
    }
  };
}
