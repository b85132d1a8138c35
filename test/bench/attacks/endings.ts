/** How the connections of an attack ended, read from what the proxy sent. */

import { type Frame, FrameType } from "#lib/http2/frame.ts";
import { FrameReader } from "#lib/http2/frame-reader.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";

/** What the last words of one connection were. */
export interface Listening {
  hear(bytes: Buffer): void;
  /** GOAWAY with its code, or the last status. */
  readonly last: string | undefined;
}

/** The name of a code of RFC 9113 §7. */
const nameOf = (code: number): string =>
  Object.entries(ErrorCode).find(([, value]) => value === code)?.[0] ?? String(code);

class Http2Listening implements Listening {
  last: string | undefined;
  readonly #reader = new FrameReader("client");

  hear(bytes: Buffer): void {
    this.#reader.receive(bytes, { onFrame: (frame) => this.#take(frame) });
  }

  #take(frame: Frame): void {
    if (frame.type !== FrameType.GOAWAY) return;
    this.last = `GOAWAY ${nameOf(Buffer.from(frame.view()).readUInt32BE(4))}`;
  }
}

const STATUS = "HTTP/1.1 ";

class Http1Listening implements Listening {
  last: string | undefined;

  /** A head that two chunks share is missed: its status tells a reader, and no more. */
  hear(bytes: Buffer): void {
    const at = bytes.lastIndexOf(STATUS);
    if (at >= 0) this.last = bytes.toString("latin1", at + STATUS.length, at + STATUS.length + 3);
  }
}

/** Listens to one connection. */
export const listening = (over: "http1" | "http2" | "tls"): Listening =>
  over === "http2" ? new Http2Listening() : new Http1Listening();

/** Endings and how many connections had each, most frequent first: `GOAWAY ENHANCE_YOUR_CALM, closed ×50`. */
export function endingsText(endings: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const each of endings) counts.set(each, (counts.get(each) ?? 0) + 1);
  const ordered = [...counts].toSorted(([, a], [, b]) => b - a);
  return ordered.map(([what, count]) => (count === 1 ? what : `${what} ×${count}`)).join("; ");
}
