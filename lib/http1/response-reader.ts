/** Responses out of the bytes of a connection, one for each request: heads, bodies, and raw bytes after a switch. */

import type { ResponseHead } from "#lib/http/message.ts";
import { INFORMATIONAL_LIMIT } from "#lib/http/semantics.ts";
import { BodyReader, type BodySink } from "./body-reader.ts";
import { ParsedFields } from "./field-parser.ts";
import { isBodiless, NO_BODY, persists, responseFraming } from "./framing.ts";
import { findHeadEnd, parseResponse } from "./head-parser.ts";
import { malformed, overLimit } from "./http1-error.ts";
import { KeptBytes } from "./kept-bytes.ts";

/** Takes what is read; bytes of a tunnel come as those of a body. */
export interface ResponseSink extends BodySink {
  onInformational(head: ResponseHead): void;
  /** The final head; `ended` where there is no body, and `onBodyEnd` does not follow. */
  onHead(head: ResponseHead, ended: boolean): void;
}

/** All readers take turns with it: of one head's fields nothing is needed any more when the sink is told of the head. */
const FIELDS: ParsedFields = new ParsedFields();

/** Reads the response to the request it was told of. Its owner makes it idle when the response has ended. */
export class ResponseReader {
  /** `idle`: no response is due. */
  state: "idle" | "head" | "body" | "tunnel" | "closed" = "idle";
  /** Whether the connection can be used after this response. */
  persistent = true;
  /** Whether anything of the response has come. */
  begun = false;
  /** Whether the request asked to switch protocols. */
  upgrades = false;
  readonly #body = new BodyReader();
  /** An incomplete head, from the first on that came in pieces. */
  #kept: KeptBytes | undefined;
  /** Bytes before this were looked through for the end of a head in vain. */
  #scanned = 0;
  #informational = 0;
  #method = "";

  /** A request of this method was sent; `upgrades` where it asks to switch protocols. */
  begin(method: string, upgrades: boolean): void {
    this.state = "head";
    this.persistent = true;
    this.begun = false;
    this.#informational = 0;
    this.#method = method;
    this.upgrades = upgrades;
  }

  /** Whether the end of the connection is that of the response, too. */
  get endsWithConnection(): boolean {
    return this.state === "body" && this.#body.untilClose;
  }

  /** Reads no more. */
  close(): void {
    this.state = "closed";
  }

  /** Takes what has come. Throws Http1Error where it is refused; nothing can be read after that. */
  take(fresh: Buffer, sink: ResponseSink): void {
    if (this.#kept !== undefined && this.#kept.length > 0) {
      this.#takeMore(this.#kept, fresh, sink);
      return;
    }
    const at = this.#steps(fresh, 0, sink);
    if (at < fresh.length) {
      this.#kept ??= new KeptBytes();
      this.#kept.push(fresh, at);
    }
  }

  #takeMore(kept: KeptBytes, fresh: Buffer, sink: ResponseSink): void {
    const scanned = kept.length;
    kept.push(fresh);
    kept.drop(this.#steps(kept.view(), scanned, sink));
  }

  /** Steps through the bytes until they end or a head is incomplete; returns where that begins. */
  #steps(bytes: Buffer, scanned: number, sink: ResponseSink): number {
    let at = 0;
    while (at < bytes.length) {
      this.#scanned = at === 0 ? scanned : at;
      const next = this.#step(bytes, at, sink);
      if (next === at) return at;
      at = next < 0 ? bytes.length : next;
    }
    return at;
  }

  /** Returns where the next step begins: `at` where more has to come, -1 for the bytes' end. */
  #step(bytes: Buffer, at: number, sink: ResponseSink): number {
    switch (this.state) {
      case "tunnel":
        sink.onBodyBytes(bytes, at, bytes.length);
        return -1;
      case "body":
        return this.#body.take(bytes, at, sink);
      case "head":
        return this.#readHead(bytes, at, sink);
      case "idle":
        throw malformed("there is more than the response");
      case "closed":
        return -1;
    }
  }

  #readHead(bytes: Buffer, at: number, sink: ResponseSink): number {
    this.begun = true;
    const end = findHeadEnd(bytes, at, this.#scanned);
    if (end < 0) return at;
    const fields = FIELDS;
    const head = parseResponse(bytes, at, end, fields);
    const { status } = head;
    if (status < 200 && status !== 101) {
      if (++this.#informational > INFORMATIONAL_LIMIT)
        throw overLimit(`it has more than ${INFORMATIONAL_LIMIT} informational responses`, 502);
      sink.onInformational(head);
      return end;
    }
    if (status === 101 && !this.upgrades)
      throw malformed("it switches protocols and nobody asked for it");
    if (status === 101 || (this.#method === "CONNECT" && status < 300)) {
      fields.clear();
      this.state = "tunnel";
      sink.onHead(head, false);
      return end;
    }
    const version = head.version === "HTTP/1.0" ? "HTTP/1.0" : "HTTP/1.1";
    // Also where there is no body, fields that contradict each other are refused.
    const framing = responseFraming(fields, version);
    const ended = this.#body.begin(isBodiless(this.#method, status) ? NO_BODY : framing);
    this.persistent = persists(fields.connection, version) && !this.#body.untilClose;
    fields.clear();
    this.state = "body";
    sink.onHead(head, ended);
    return end;
  }
}
