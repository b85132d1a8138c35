/** What goes to an endpoint, and to the next one where that fails: the head, and the body as far as it is kept. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type {
  ClientConnection,
  ClientStream,
  ConnectionSource,
  ConnectionWaiter,
  Reset,
  ResponseHandler,
} from "#lib/http-io/exchange.ts";
import { sendExtendedConnect } from "#lib/http-io/upgrade-stream.ts";
import { Replay } from "./replay.ts";
import { mayResend } from "./resend.ts";

/** A request is tried on at most so many endpoints before it fails, and only while none has seen a byte of it. */
export const ATTEMPT_LIMIT = 5;

/** The attempts of one request, of which one at a time is under way. */
export class Attempt {
  /** The request has come as a whole. */
  ended: boolean;
  /** How many there were, those that found no connection too. */
  count = 0;
  /** How often the request went out. */
  sends = 0;
  /** When it last went out. */
  sentMs = 0;
  #upstream: ClientStream | undefined;
  /** Where it waits for a connection. */
  #source: ConnectionSource | undefined;
  /** What was sent of the body; nothing is made for a request without one. */
  #replay: Replay | undefined;
  /** What was lost without a word that it was not processed: nothing, what could go out again, what could not. */
  #lost: "nothing" | "resent" | "in doubt" = "nothing";

  constructor(ended: boolean) {
    this.ended = ended;
  }

  /** Whether one is under way. */
  get open(): boolean {
    return this.#upstream !== undefined;
  }

  /** Whether an application may have seen it: somebody took it and never said that they did not process it. */
  get maybeProcessed(): boolean {
    return this.#lost === "in doubt";
  }

  /** For how long the one under way has gone on; -1 where none is. */
  waitedMs(nowMs: number): number {
    return this.#upstream === undefined ? -1 : nowMs - this.sentMs;
  }

  /** Whether no other endpoint is tried. */
  get exhausted(): boolean {
    return this.count >= ATTEMPT_LIMIT || !this.resendable;
  }

  /** Whether all that was sent of the body can be sent again. */
  get resendable(): boolean {
    return this.#replay?.whole !== false;
  }

  /** How much of the body was sent. */
  get bodyBytes(): number {
    return this.#replay?.bytes ?? 0;
  }

  /** Waits for a connection. */
  acquire(source: ConnectionSource, waiter: ConnectionWaiter): void {
    this.#source = source;
    source.acquire(waiter);
  }

  /** None could be had for one. */
  failed(): void {
    this.#source = undefined;
    this.count++;
  }

  /** A connection is there for one. */
  begin(nowMs: number): void {
    this.#source = undefined;
    this.count++;
    this.sends++;
    this.sentMs = nowMs;
  }

  /** Sends the head with what is there of the body. */
  send(connection: ClientConnection, head: RequestHead, handler: ResponseHandler): void {
    const bare = this.ended && this.#replay === undefined;
    this.#upstream =
      head.protocol === ""
        ? connection.send(head, bare, handler)
        : sendExtendedConnect(connection, head, handler);
    if (!bare) this.#replay?.sendTo(this.#upstream);
  }

  /** Keeps a chunk, which may have to go out again. */
  keep(bytes: Buffer, from: number, to: number): void {
    this.#replay ??= new Replay();
    this.#replay.data(bytes, from, to);
  }

  /** Keeps the end of the body. */
  keepEnd(trailers: HeaderList | undefined): void {
    this.#replay ??= new Replay();
    this.#replay.end(trailers);
  }

  /** Sends a chunk of the body. False: stop until it can flow on. */
  sendBytes(bytes: Buffer, from: number, to: number): boolean {
    return this.#upstream?.sendBytes(bytes, from, to) !== false;
  }

  sendEnd(trailers: HeaderList | undefined): void {
    this.#upstream?.sendEnd(trailers);
  }

  pauseResponse(): void {
    this.#upstream?.pauseResponse();
  }

  resumeResponse(): void {
    this.#upstream?.resumeResponse();
  }

  /** Gives it up, or the wait of `waiter` for its connection; true where there was something to give up. */
  reset(code: number, waiter: ConnectionWaiter): boolean {
    const upstream = this.#upstream;
    const source = this.#source;
    this.#upstream = undefined;
    this.#source = undefined;
    upstream?.resetRequest(code);
    source?.cancel(waiter);
    return upstream !== undefined || source !== undefined;
  }

  /** It has ended. */
  over(): void {
    this.#upstream = undefined;
  }

  /** An answer has begun: nothing will be sent again. */
  answered(): void {
    this.#replay?.forget();
  }

  /** Whether it may go out again after it was lost. */
  mayResend(reset: Reset, method: string): boolean {
    if (!this.resendable) return false;
    const again = mayResend(reset, method, this.#lost !== "nothing");
    if (!again) this.#lost = "in doubt";
    else if (!reset.unprocessed) this.#lost = "resent";
    return again;
  }
}
