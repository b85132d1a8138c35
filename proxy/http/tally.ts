/** What is counted of one request: as a whole, and of each try that goes to a backend. */

import type { ResponseHead } from "#lib/http/message.ts";
import type { Reset } from "#lib/http-io/exchange.ts";
import { type HttpScope, NO_ANSWER, type Outcome, outcomeOf } from "../telemetry/http-metrics.ts";
import type { ProfileSeries } from "../telemetry/profile-metrics.ts";
import type { Ending, Fault, RequestSeries } from "../telemetry/request-series.ts";
import { answerClass, grpcStatusOf } from "./classify.ts";
import { faultOf, faultOfReset } from "./faults.ts";
import { ProfileTally } from "./profile-tally.ts";
import type { LimitKind } from "./request-limits.ts";

/** Its counts; whatever decides its labels sets what is counted. */
export class Tally implements Ending {
  /** Of its endpoint, or of the policy that let it in. */
  scope: HttpScope | undefined;
  readonly startedMs: number;
  /** Of its answer; 0 and -1 where there is none. */
  status = 0;
  grpcStatus = -1;
  readonly #clock: { now(): number };
  /** Of its route: of the request with all its tries. */
  #whole: RequestSeries | undefined;
  /** Of the backend that it is at. */
  #part: RequestSeries | undefined;
  /** Of its ServiceProfile's route. */
  #profile: ProfileTally | undefined;
  /** When the request was whole, of what is at the backend; -1: it is not. */
  #flushedMs = -1;
  #ending: Ending | undefined;
  /** Of the endpoint that got it and has not answered yet. */
  #asked: HttpScope | undefined;
  /** When that one got it; -1: every try so far is counted, and none is under way. */
  #sentMs = 0;

  constructor(clock: { now(): number }) {
    this.#clock = clock;
    this.startedMs = clock.now();
  }

  /** As long as nothing else is known, it ends as its answer says. */
  get fault(): Fault {
    return "";
  }

  /** Its route is known. */
  enter(whole: RequestSeries | undefined): void {
    this.#whole = whole;
  }

  /** Its route is one of a ServiceProfile. */
  enterProfile(series: ProfileSeries): void {
    this.#profile = new ProfileTally(series);
  }

  /** It goes to a backend, as a whole where `ended`. */
  dispatch(part: RequestSeries | undefined, ended: boolean): void {
    this.#profile?.dispatch();
    if (part === undefined) return;
    if (part.requests !== undefined) part.requests.value += 1;
    this.#part = part;
    this.#flushedMs = ended ? this.#clock.now() : -1;
  }

  /** It goes to an endpoint, at this time: to the same one again where a connection was lost, which is one request. */
  sent(atMs: number): void {
    if (this.scope !== this.#asked) this.#ask();
    this.#sentMs = atMs;
  }

  /** An endpoint before it that never answered has failed. */
  #ask(): void {
    if (this.#asked !== undefined) this.#counted(NO_ANSWER);
    this.#asked = this.scope;
    if (this.scope !== undefined) this.scope.requests.value += 1;
  }

  #counted(outcome: Outcome): void {
    this.#asked?.end(outcome, this.#clock.now() - this.#sentMs);
    this.#asked = undefined;
  }

  /** Its client gets an answer; the code of a call may not be known yet. */
  answered(status: number, grpcStatus: number): void {
    this.status = status;
    this.grpcStatus = grpcStatus;
  }

  requestBytes(count: number): void {
    this.#whole?.frames.observe(count);
  }

  requestEnded(): void {
    this.#flushedMs = this.#clock.now();
  }

  responseBytes(count: number): void {
    this.#part?.frames.observe(count);
  }

  /** What came of a try, where there will be another one. */
  tried(ending: Ending): void {
    const { grpcStatus, fault } = ending;
    const status = fault === "" ? ending.status : 0;
    const failed = this.#isFailure(status, grpcStatus);
    const outcome = outcomeOf({ status, grpcStatus, failed });
    this.#partEnded(ending);
    this.#profile?.tried(outcome);
    if (this.#asked === undefined) return;
    this.#counted(outcome);
    this.#sentMs = -1;
  }

  /** By the profile's response classes, where it has some. */
  #isFailure(status: number, grpcStatus: number): boolean {
    if (this.#profile !== undefined) return this.#profile.isFailure(status, grpcStatus);
    return answerClass(status, grpcStatus) === "failure";
  }

  #partEnded(ending: Ending): void {
    const part = this.#part;
    if (part === undefined) return;
    this.#part = undefined;
    part.endings?.count(ending);
    const flushedMs = this.#flushedMs;
    part.duration.observe(flushedMs < 0 ? 0 : (this.#clock.now() - flushedMs) / 1000);
  }

  /** It fails, and its client is answered by us. */
  failed(ending: Ending, { status, headers }: Pick<ResponseHead, "status" | "headers">): void {
    this.#ending = ending;
    this.answered(status, grpcStatusOf(headers) ?? -1);
  }

  /** Its answer is broken off, or there will be none: by its server, to which it went as `version`, or by us. */
  broken(why: Reset | LimitKind, version: string): void {
    const fault = typeof why === "string" ? faultOf(`${why}-timeout`) : faultOfReset(why, version);
    this.#broken(fault);
  }

  #broken(fault: Fault): void {
    this.#ending = { status: this.status, grpcStatus: this.grpcStatus, fault };
  }

  /** Its client gave it up: as long as there is no answer, that is nothing that a route or a backend has done. */
  cancelled(): void {
    if (this.status > 0) {
      this.#broken("UNKNOWN");
      return;
    }
    this.#whole = undefined;
    this.#part = undefined;
  }

  /** It is over; `aborted` where its answer is not whole. */
  ended(aborted: boolean): void {
    const { status, grpcStatus } = this;
    const failed = aborted || this.#isFailure(status, grpcStatus);
    const latencyMs = this.#clock.now() - this.startedMs;
    const outcome = outcomeOf({ status, grpcStatus, failed });
    this.#profile?.ended(outcome, latencyMs);
    if (this.#sentMs >= 0) {
      // It may not have got as far as to be sent.
      if (this.scope !== this.#asked) this.#ask();
      this.scope?.end(outcome, latencyMs);
    }
    if (this.#whole === undefined) return;
    const ending = this.#ending ?? this;
    this.#partEnded(ending);
    this.#whole.endings?.count(ending);
    this.#whole.duration.observe(latencyMs / 1000);
  }
}
