/** HTTP/1.1 of the load generator: one request at a time, answers with a content-length. */

import type { Channel, ChannelObserver, ChannelOptions, Outlet, Wire } from "./channel.ts";

const HEAD_END = "\r\n\r\n";
const STATUS_AT = 9;

/** One connection; answers are read no further than their length needs. */
export class Http1Wire implements Wire, Channel {
  readonly #request: Buffer;
  readonly #outlet: Outlet;
  readonly #observer: ChannelObserver;
  #scheduledMs = -1;
  /** A head that has not come whole. */
  #head: Buffer = Buffer.alloc(0);
  #bodyLeft = 0;
  #status = 0;
  #ok = false;
  /** The answer under way is the last one of its connection (RFC 9112 §9.6). */
  #last = false;

  constructor(options: ChannelOptions, outlet: Outlet, observer: ChannelObserver) {
    this.#request = requestOf(options);
    this.#outlet = outlet;
    this.#observer = observer;
  }

  onOpen(): void {
    this.#observer.onFree(this);
  }

  send(scheduledMs: number): void {
    this.#scheduledMs = scheduledMs;
    this.#outlet.write(this.#request);
  }

  close(): void {
    this.#outlet.end();
  }

  onData(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && this.#scheduledMs >= 0) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, bytes.length - at);
        this.#bodyLeft -= taken;
        at += taken;
        if (this.#bodyLeft === 0) this.#answered();
      } else at = this.#onHead(bytes, at);
    }
  }

  onGone(): void {
    if (this.#scheduledMs < 0) return;
    const scheduledMs = this.#scheduledMs;
    this.#scheduledMs = -1;
    this.#observer.onAnswer(scheduledMs, false, "connection ended");
  }

  /** Reads a head, or keeps what there is of it; returns where the rest begins. */
  #onHead(bytes: Buffer, from: number): number {
    const kept = this.#head.length;
    const all =
      kept === 0 ? bytes.subarray(from) : Buffer.concat([this.#head, bytes.subarray(from)]);
    const end = all.indexOf(HEAD_END);
    if (end < 0) {
      this.#head = Buffer.from(all);
      return bytes.length;
    }
    this.#head = Buffer.alloc(0);
    const status = Number(all.toString("latin1", STATUS_AT, STATUS_AT + 3));
    const after = from + end + HEAD_END.length - kept;
    if (status < 200) return after;
    const text = all.toString("latin1", 0, end).toLowerCase();
    const bodiless = status === 204 || status === 304;
    const length = bodiless ? 0 : lengthOf(text);
    this.#status = status;
    this.#ok = status < 400 && length >= 0;
    this.#last = length < 0 || text.includes("\r\nconnection: close");
    this.#bodyLeft = Math.max(length, 0);
    if (this.#bodyLeft === 0) this.#answered();
    return after;
  }

  #answered(): void {
    const scheduledMs = this.#scheduledMs;
    this.#scheduledMs = -1;
    this.#observer.onAnswer(scheduledMs, this.#ok, `status ${this.#status}`);
    // Where an answer ends is not known without a length: that connection is of no more use either.
    if (this.#last) this.#outlet.end();
    else this.#observer.onFree(this);
  }
}

function requestOf({ path, authority, body }: ChannelOptions): Buffer {
  const head = `${path} HTTP/1.1\r\nHost: ${authority}\r\n`;
  if (body === undefined) return Buffer.from(`GET ${head}\r\n`, "latin1");
  const fields = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
  return Buffer.from(`POST ${head}${fields}\r\n\r\n${body}`);
}

/** The content-length of a head in lower case; -1 without one. */
function lengthOf(head: string): number {
  const name = "\r\ncontent-length:";
  const at = head.indexOf(name);
  return at < 0 ? -1 : Number.parseInt(head.slice(at + name.length, at + name.length + 16), 10);
}
