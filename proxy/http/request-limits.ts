/** The times that a request has (P35): for itself, for its answer, between two chunks, and for an attempt's answer to begin. */

import { Alarm, type Alarms } from "#lib/stack/alarms.ts";

/**
 * What was not in time: the whole exchange with all its attempts (`request`), the end of the answer after the request
 * was whole or the answer began (`response`), the next chunk of either side (`idle`), the head of the answer after the
 * request was whole (`headers`), the head of an answer with all attempts (`profile`).
 */
export type LimitKind = "request" | "response" | "idle" | "headers" | "profile";

/** Those times in milliseconds; infinite where there is none. */
export interface RequestTimes {
  readonly requestMs: number;
  readonly responseMs: number;
  readonly idleMs: number;
  readonly headersMs: number;
  readonly profileMs: number;
  /** The shortest of them. */
  readonly shortestMs: number;
}

/** Whose times they are. */
export interface LimitsOwner {
  /** Something was not in time. */
  onDeadline(kind: LimitKind): void;
}

/** Those that somebody says. */
export type GivenTimes = {
  readonly [time in Exclude<keyof RequestTimes, "shortestMs">]?: number | undefined;
};

/** The given times; undefined where there is none. */
export function requestTimes(given: GivenTimes): RequestTimes | undefined {
  const times = {
    requestMs: given.requestMs ?? NEVER,
    responseMs: given.responseMs ?? NEVER,
    idleMs: given.idleMs ?? NEVER,
    headersMs: given.headersMs ?? NEVER,
    profileMs: given.profileMs ?? NEVER,
  };
  const shortestMs = Math.min(...Object.values(times));
  return shortestMs === NEVER ? undefined : { ...times, shortestMs };
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * The deadlines of one request; it is made for those that have some. They are only noted: nearly all are met long
 * before, and what looks at them is one alarm, which is set for the shortest time and rings for a request that takes
 * longer than that.
 */
export class RequestLimits extends Alarm {
  readonly #owner: LimitsOwner;
  readonly #times: RequestTimes;
  readonly #alarms: Alarms;
  /** When each is due. */
  #request: number;
  #profile: number;
  #response = NEVER;
  #idle = NEVER;
  #headers = NEVER;
  /** The head of the answer is there, or nobody waits for it. */
  #headDone = false;

  /** The time of the whole request begins at once. */
  constructor(owner: LimitsOwner, times: RequestTimes, alarms: Alarms) {
    super();
    this.#owner = owner;
    this.#times = times;
    this.#alarms = alarms;
    const nowMs = alarms.now();
    this.#request = nowMs + times.requestMs;
    this.#profile = nowMs + times.profileMs;
    alarms.set(this, times.shortestMs);
  }

  /** An attempt went out; `whole` where the body went with it. Only an attempt after which another one may come waits for headers. */
  sent(whole: boolean, isLast: boolean): void {
    this.#headDone = isLast;
    const nowMs = this.#alarms.now();
    this.#idle = this.#begin(nowMs, this.#times.idleMs);
    if (whole) this.#flushed(nowMs);
  }

  /** The request has gone out as a whole; `isLast` where that shows that no other attempt comes after this one. */
  flushed(isLast: boolean): void {
    if (isLast) this.#headDone = true;
    this.#flushed(this.#alarms.now());
  }

  #flushed(nowMs: number): void {
    if (!this.#headDone) this.#headers = this.#begin(nowMs, this.#times.headersMs);
    if (this.#response === NEVER) this.#response = this.#begin(nowMs, this.#times.responseMs);
  }

  /** A chunk went either way. */
  moved(): void {
    if (this.#idle !== NEVER) this.#idle = this.#alarms.now() + this.#times.idleMs;
  }

  /** The head of an attempt's answer is there, whether it is passed on or held. */
  headed(): void {
    this.#headDone = true;
    this.#headers = NEVER;
  }

  /** The answer has begun. */
  answered(): void {
    this.headed();
    this.#profile = NEVER;
    if (this.#response === NEVER)
      this.#response = this.#begin(this.#alarms.now(), this.#times.responseMs);
    this.moved();
  }

  /** The attempt is over, and the request is not. */
  retried(): void {
    this.#headers = NEVER;
    this.#response = NEVER;
    this.#idle = NEVER;
  }

  /** The exchange is over. */
  stop(): void {
    this.retried();
    this.#request = NEVER;
    this.#profile = NEVER;
    this.silence();
  }

  rung(nowMs: number): void {
    for (let due = this.#soonest(); due <= nowMs; due = this.#soonest()) this.#expire(due);
    const due = this.#soonest();
    if (due < this.ringsMs) this.#alarms.set(this, due - nowMs);
  }

  /** When one is due that begins now. The alarm mostly rings before that: it was set for the shortest when the request began. */
  #begin(nowMs: number, ms: number): number {
    const due = nowMs + ms;
    if (due < this.ringsMs) this.#alarms.set(this, ms);
    return due;
  }

  #soonest(): number {
    return Math.min(this.#request, this.#profile, this.#response, this.#idle, this.#headers);
  }

  /** What is due at this time was not met. */
  #expire(due: number): void {
    if (due === this.#request) {
      this.#request = NEVER;
      this.#owner.onDeadline("request");
    } else if (due === this.#profile) {
      this.#profile = NEVER;
      this.#owner.onDeadline("profile");
    } else if (due === this.#response) {
      this.#response = NEVER;
      this.#owner.onDeadline("response");
    } else if (due === this.#idle) {
      this.#idle = NEVER;
      this.#owner.onDeadline("idle");
    } else {
      this.#headers = NEVER;
      this.#owner.onDeadline("headers");
    }
  }
}
