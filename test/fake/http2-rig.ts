/** A peer of one HTTP/2 connection, frame by frame, for tests. */

import { HpackEncoder } from "#lib/hpack/encoder.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { Http2Connection } from "#lib/http2/connection.ts";
import { Flag, FrameType, PREFACE } from "#lib/http2/frame.ts";
import { FrameReader } from "#lib/http2/frame-reader.ts";
import { HTTP2_DEFAULTS, type Http2Options } from "#lib/http2/http2-options.ts";
import type { Http2Stream } from "#lib/http2/stream.ts";

const { HEADERS, RST_STREAM, SETTINGS } = FrameType;
const WHOLE = Flag.END_HEADERS;

/** A frame in bytes. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, 9);
  return bytes;
}

/** A number as the four bytes of a payload. */
export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A frame that the connection sent. */
export interface Http2Sent {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** A connection whose peer is this test. */
export class Http2Rig {
  readonly log: string[] = [];
  readonly streams: Http2Stream[] = [];
  readonly connection: Http2Connection;
  readonly #encoder = new HpackEncoder();
  readonly #reader = new FrameReader("client");

  constructor(role: "client" | "server", options: Partial<Http2Options> = {}, settled = true) {
    this.connection = new Http2Connection(
      { ...HTTP2_DEFAULTS, role, nowMs: 0, ...options },
      {
        onRequest: (stream, head, end) => {
          this.streams.push(stream);
          this.log.push(`request ${stream.id} ${head.method} ${head.path} ${end}`);
        },
        onResponse: (stream, head, end) =>
          this.log.push(`response ${stream.id} ${head.status} ${end}`),
        onStreamBytes: (stream, _, from, to) => this.log.push(`data ${stream.id} ${to - from}`),
        onStreamEnd: (stream, trailers) =>
          this.log.push(`end ${stream.id} ${trailers?.length ?? 0}`),
        onReset: (stream, how) =>
          this.log.push(`reset ${stream.id} ${how.code}${how.unprocessed ? " unprocessed" : ""}`),
        onWritable: (stream) => this.log.push(`writable ${stream.id}`),
        onChanged: () => undefined,
      },
    );
    if (role === "server") this.give(PREFACE);
    if (settled) this.give(frame(SETTINGS, 0, 0), frame(SETTINGS, Flag.ACK, 0));
    this.take();
  }

  /** Gives frames to the connection at millisecond 0. */
  give(...frames: Buffer[]): void {
    this.connection.receive(Buffer.concat(frames), 0);
  }

  block(...fields: [string, string][]): Buffer {
    this.#encoder.begin();
    for (const [name, value] of fields) this.#encoder.field(name, value);
    return Buffer.from(this.#encoder.bytes.subarray(0, this.#encoder.length));
  }

  request(streamId: number, flags: number, ...more: [string, string][]): Buffer {
    const block = this.block(
      [":method", "POST"],
      [":scheme", "http"],
      [":path", "/"],
      [":authority", "a"],
      ...more,
    );
    return frame(HEADERS, WHOLE | flags, streamId, block);
  }

  response(streamId: number, flags: number, status: string, ...more: [string, string][]): Buffer {
    return frame(HEADERS, WHOLE | flags, streamId, this.block([":status", status], ...more));
  }

  take(): Http2Sent[] {
    const sent: Http2Sent[] = [];
    const { out } = this.connection;
    let view = Buffer.from(out.view());
    out.clear();
    if (view.indexOf(PREFACE) === 0) view = view.subarray(PREFACE.length);
    this.#reader.receive(view, {
      onFrame: (frame) => {
        const { type, flags, streamId } = frame;
        sent.push({ type, flags, streamId, payload: Buffer.from(frame.view()) });
      },
    });
    return sent;
  }

  types(): number[] {
    return this.take().map(({ type }) => type);
  }

  /** The code of the RST_STREAM that was sent. */
  resetCode(): number | undefined {
    return this.take()
      .find(({ type }) => type === RST_STREAM)
      ?.payload.readUInt32BE(0);
  }
}

/** A request without anything special. */
export const GET: RequestHead = {
  method: "GET",
  scheme: "http",
  authority: "a",
  path: "/",
  version: "HTTP/2",
  protocol: "",
  headers: new HeaderList(),
};
