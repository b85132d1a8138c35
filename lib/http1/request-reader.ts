/** Requests out of the bytes of a connection, one at a time: heads, bodies, and raw bytes once it is a tunnel. */

import type { RequestHead } from "#lib/http/message.ts";
import { BodyReader, type BodySink } from "./body-reader.ts";
import { ParsedFields } from "./field-parser.ts";
import { requestFraming } from "./framing.ts";
import { findHeadEnd, parseRequest } from "./head-parser.ts";
import { ambiguous, malformed, unsupported } from "./http1-error.ts";
import { KeptBytes } from "./kept-bytes.ts";

/** Takes what is read; bytes of a tunnel come as those of a body. */
export interface RequestSink extends BodySink {
  /** A request; `ended` where it has no body, and the reader then waits until it is answered. */
  onHead(head: RequestHead, fields: ParsedFields, ended: boolean): void;
}

/** So many requests of one connection are worth one turn, where they are answered at once. */
export const HEADS_PER_TURN = 64;

const CR = 13;
const LF = 10;

/** Reads while its state says so; what it may not take yet it keeps. Its owner moves the state after a body has ended. */
export class RequestReader {
  /** `responding`: the request is complete, and the next is not looked at before its answer. */
  state: "head" | "body" | "responding" | "tunnel" | "closed" = "head";
  /** Nothing is taken while set. */
  paused = false;
  readonly #body = new BodyReader();
  readonly #fields = new ParsedFields();
  readonly #kept = new KeptBytes();
  /** So many bytes of what is kept are an incomplete head that was looked through. */
  #scanned = 0;
  #skippedLine = false;
  #running = false;
  readonly #framingPerTurn: number;
  readonly #headsPerTurn: number;
  /** Heads of this turn. */
  #heads = 0;

  /** So many bytes of chunks' framing, and so many heads, are taken at once; then it is `tired` until `goOn`. */
  constructor(
    framingPerTurn: number = Number.POSITIVE_INFINITY,
    headsPerTurn: number = Number.POSITIVE_INFINITY,
  ) {
    this.#framingPerTurn = framingPerTurn;
    this.#headsPerTurn = headsPerTurn;
  }

  /** Whether more could be taken of what is kept, in another turn: not while it is paused, when a turn takes nothing. */
  get tired(): boolean {
    if (this.paused) return false;
    if (this.state === "body") return this.#body.tired;
    return this.state === "head" && this.#heads === this.#headsPerTurn && this.keptBytes > 0;
  }

  /** Bytes that have come and are not taken: an incomplete head, or what has to wait. */
  get keptBytes(): number {
    return this.#kept.length;
  }

  /** Whether nothing may come for now. */
  get mustWait(): boolean {
    const { paused, state, tired } = this;
    return (
      state !== "closed" && (paused || tired || (state === "responding" && this.keptBytes > 0))
    );
  }

  /** Takes what has come. Throws Http1Error where it is refused; nothing can be read after that. */
  take(bytes: Buffer, sink: RequestSink): void {
    if (this.#kept.length === 0) this.#run(bytes, sink);
    else {
      this.#kept.push(bytes);
      this.#run(this.#kept.view(), sink);
    }
  }

  /** Goes on with what was kept; from within a call of the sink that happens anyway. Throws as `take` does. */
  goOn(sink: RequestSink): void {
    if (!this.#running && this.#kept.length > 0) this.#run(this.#kept.view(), sink);
  }

  /** Reads no more. */
  close(): void {
    this.state = "closed";
    if (!this.#running) this.#kept.clear();
  }

  #run(bytes: Buffer, sink: RequestSink): void {
    this.#running = true;
    this.#heads = 0;
    let at = bytes.length;
    try {
      at = this.#steps(bytes, sink);
    } finally {
      this.#running = false;
    }
    if (this.state === "closed") this.#kept.clear();
    else if (this.#kept.length > 0) this.#kept.drop(at);
    else if (at < bytes.length) this.#kept.push(bytes, at);
  }

  /** Steps through the bytes until they end, or what comes next has to wait; returns where that is. */
  #steps(bytes: Buffer, sink: RequestSink): number {
    let at = 0;
    while (at < bytes.length && !this.paused) {
      const next = this.#step(bytes, at, sink);
      if (next === at) break;
      at = next < 0 ? bytes.length : next;
      if (this.tired) break;
    }
    return at;
  }

  /** Returns where the next step begins: `at` where it has to wait, -1 for the bytes' end. */
  #step(bytes: Buffer, at: number, sink: RequestSink): number {
    switch (this.state) {
      case "head":
        return this.#readHead(bytes, at, sink);
      case "body":
        return this.#body.take(bytes, at, sink, this.#framingPerTurn);
      case "tunnel":
        sink.onBodyBytes(bytes, at, bytes.length);
        return -1;
      case "responding":
      case "closed":
        return at;
    }
  }

  #readHead(bytes: Buffer, at: number, sink: RequestSink): number {
    if (this.#heads === this.#headsPerTurn) return at;
    if (bytes[at] === CR) return this.#skipLine(bytes, at);
    const end = findHeadEnd(bytes, at, at === 0 ? this.#scanned : at);
    if (end < 0) {
      this.#scanned = bytes.length - at;
      return at;
    }
    this.#heads += 1;
    this.#scanned = 0;
    this.#skippedLine = false;
    const fields = this.#fields;
    const head = parseRequest(bytes, at, end, fields);
    const version = head.version === "HTTP/1.0" ? "HTTP/1.0" : "HTTP/1.1";
    const ended = this.#body.begin(requestFraming(fields, version));
    if (fields.expect !== undefined && fields.expect.toLowerCase() !== "100-continue")
      throw unsupported("it expects what is not known", 417);
    if (!ended && head.method === "CONNECT") throw malformed("CONNECT has a body");
    // Servers of that time do not look for one, and take it for the next request.
    if (!ended && version === "HTTP/1.0" && /^(GET|HEAD|DELETE)$/.test(head.method))
      throw ambiguous(`${head.method} has a body in HTTP/1.0`);
    // A length of nothing says nothing where nobody expects a body (RFC 9110 §8.6).
    if (
      ended &&
      fields.contentLength !== undefined &&
      (head.method === "GET" || head.method === "HEAD")
    )
      head.headers.delete("content-length");
    this.state = ended ? "responding" : "body";
    sink.onHead(head, fields, ended);
    fields.clear();
    return end;
  }

  /** One empty line before a request is passed over, as old clients send it after a body (RFC 9112 §2.2). */
  #skipLine(bytes: Buffer, at: number): number {
    if (this.#skippedLine) throw malformed("it begins with empty lines");
    if (at + 1 === bytes.length) return at;
    if (bytes[at + 1] !== LF) throw malformed("it begins with CR");
    this.#skippedLine = true;
    return at + 2;
  }
}
