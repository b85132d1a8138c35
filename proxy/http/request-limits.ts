/** The times that a request has (P35): for itself, for its answer, between two chunks, and for an attempt's answer to begin. */

import { Deadline, type DeadlineOwner, type DeadlineQueue } from "#lib/stack/deadline-queue.ts";

/**
 * What was not in time: the whole exchange with all its attempts (`request`), the end of the answer after the request
 * was whole or the answer began (`response`), the next chunk of either side (`idle`), the head of the answer after the
 * request was whole (`headers`), the head of an answer with all attempts (`profile`).
 */
export type LimitKind = "request" | "response" | "idle" | "headers" | "profile";

/** The queues of those times that there are. */
export type RequestTimes = Readonly<Partial<Record<LimitKind, DeadlineQueue | undefined>>>;

/** The deadlines of one request; it is made for those that have some. */
export class RequestLimits {
  readonly #owner: DeadlineOwner<LimitKind>;
  readonly #times: RequestTimes;
  #request: Deadline<LimitKind> | undefined;
  #profile: Deadline<LimitKind> | undefined;
  #response: Deadline<LimitKind> | undefined;
  #idle: Deadline<LimitKind> | undefined;
  #headers: Deadline<LimitKind> | undefined;
  /** The head of the answer is there, or nobody waits for it. */
  #headDone = false;

  /** The time of the whole request begins at once. */
  constructor(owner: DeadlineOwner<LimitKind>, times: RequestTimes) {
    this.#owner = owner;
    this.#times = times;
    this.#request = this.#start("request", undefined);
    this.#profile = this.#start("profile", undefined);
  }

  /** An attempt went out; `whole` where the body went with it. Only an attempt after which another one may come waits for headers. */
  sent(whole: boolean, isLast: boolean): void {
    this.#headDone = isLast;
    this.#idle = this.#start("idle", this.#idle);
    if (whole) this.flushed();
  }

  /** The request has gone out as a whole. */
  flushed(): void {
    if (!this.#headDone) this.#headers = this.#start("headers", this.#headers);
    if (this.#response?.queue === undefined)
      this.#response = this.#start("response", this.#response);
  }

  /** A chunk went either way. */
  moved(): void {
    if (this.#idle !== undefined) this.#start("idle", this.#idle);
  }

  /** The head of an attempt's answer is there, whether it is passed on or held. */
  headed(): void {
    this.#headDone = true;
    this.#headers?.stop();
  }

  /** The answer has begun. */
  answered(): void {
    this.headed();
    this.#profile?.stop();
    if (this.#response?.queue === undefined)
      this.#response = this.#start("response", this.#response);
    this.moved();
  }

  /** The attempt is over, and the request is not. */
  retried(): void {
    this.#headers?.stop();
    this.#response?.stop();
    this.#idle?.stop();
    this.#idle = undefined;
  }

  /** The exchange is over. */
  stop(): void {
    this.retried();
    this.#request?.stop();
    this.#profile?.stop();
  }

  #start(kind: LimitKind, known: Deadline<LimitKind> | undefined): Deadline<LimitKind> | undefined {
    const queue = this.#times[kind];
    if (queue === undefined) return undefined;
    const deadline = known ?? new Deadline(this.#owner, kind);
    queue.start(deadline);
    return deadline;
  }
}
