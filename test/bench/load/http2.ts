/** HTTP/2 of the load generator: several requests at a time, the same header block each time. */

import { ByteWriter } from "#lib/bytes/byte-writer.ts";
import { HpackDecoder } from "#lib/hpack/decoder.ts";
import type { Channel, ChannelObserver, ChannelOptions, Outlet, Wire } from "./channel.ts";

/** RFC 9113 §6. */
const Type = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 0x20;
const HEADER_BYTES = 9;
const PREFACE: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** ENABLE_PUSH 0, INITIAL_WINDOW_SIZE 2^30. */
const SETTINGS: Buffer = Buffer.from("000200000000000440000000", "hex");
const WINDOW = 2 ** 30;
const MAX_LIST_BYTES = 64 * 1024;
const LAST_STREAM = 2 ** 31 - 2;

/** One connection with so many slots. Every stream gets more window than an answer is long. */
export class Http2Wire implements Wire, Channel {
  readonly #slots: number;
  readonly #outlet: Outlet;
  readonly #observer: ChannelObserver;
  /** A HEADERS frame, whole but for the stream's number. */
  readonly #request: Buffer;
  readonly #decoder = new HpackDecoder({ listLimitBytes: MAX_LIST_BYTES });
  /** When the request of each open stream was due. */
  readonly #scheduled = new Map<number, number>();
  readonly #refused = new Set<number>();
  readonly #out = new ByteWriter();
  #inEvent = false;
  #next = 1;
  #rest: Buffer = Buffer.alloc(0);
  #block: Buffer = Buffer.alloc(0);
  #received = 0;
  #status = "";
  #goneAway = false;

  constructor(options: ChannelOptions, outlet: Outlet, observer: ChannelObserver) {
    this.#slots = options.streams;
    this.#outlet = outlet;
    this.#observer = observer;
    // :method GET, :scheme http, then literals of :path and :authority (RFC 7541 §6.2.2).
    const block = Buffer.concat([
      Buffer.from([0x82, options.tls === undefined ? 0x86 : 0x87]),
      literal(0x04, options.path),
      literal(0x01, options.authority),
    ]);
    this.#request = frame(Type.HEADERS, END_HEADERS | END_STREAM, 0, block);
  }

  onOpen(): void {
    const wide = Buffer.alloc(4);
    wide.writeUInt32BE(WINDOW);
    this.#outlet.write(
      Buffer.concat([
        PREFACE,
        frame(Type.SETTINGS, 0, 0, SETTINGS),
        frame(Type.WINDOW_UPDATE, 0, 0, wide),
      ]),
    );
    for (let i = 0; i < this.#slots; i++) this.#observer.onFree(this);
  }

  send(scheduledMs: number): void {
    this.#request.writeUInt32BE(this.#next, 5);
    this.#scheduled.set(this.#next, scheduledMs);
    this.#next += 2;
    this.#out.push(this.#request);
    if (!this.#inEvent) this.#flush();
  }

  /** Requests that answers of one event make room for go out in one write. */
  #flush(): void {
    if (this.#out.length > 0) this.#outlet.write(this.#out.view());
    this.#out.clear();
  }

  close(): void {
    this.#outlet.end();
  }

  onData(bytes: Buffer): void {
    this.#inEvent = true;
    this.#receive(bytes);
    this.#inEvent = false;
    this.#flush();
  }

  #receive(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (all.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + all.readUIntBE(at, 3);
      if (all.length < end) break;
      const streamId = all.readUInt32BE(at + 5) & 0x7fffffff;
      const payload = all.subarray(at + HEADER_BYTES, end);
      this.#onFrame(all[at + 3] ?? 0, all[at + 4] ?? 0, { streamId, payload });
      at = end;
    }
    this.#rest = at === all.length ? EMPTY : Buffer.from(all.subarray(at));
  }

  onGone(): void {
    for (const scheduledMs of this.#scheduled.values()) this.#observer.onAnswer(scheduledMs, false);
    this.#scheduled.clear();
  }

  #onFrame(type: number, flags: number, { streamId, payload }: FrameBody): void {
    switch (type) {
      case Type.DATA:
        this.#onBytes(payload.length);
        break;
      case Type.HEADERS:
        this.#block = Buffer.from(unwrap(payload, flags));
        if ((flags & END_HEADERS) !== 0) this.#onBlock(streamId);
        break;
      case Type.CONTINUATION:
        this.#block = Buffer.concat([this.#block, payload]);
        if ((flags & END_HEADERS) !== 0) this.#onBlock(streamId);
        break;
      case Type.RST_STREAM:
        this.#refused.add(streamId);
        this.#answered(streamId);
        break;
      case Type.SETTINGS:
        if ((flags & ACK) === 0) this.#outlet.write(frame(Type.SETTINGS, ACK, 0, EMPTY));
        break;
      case Type.PING:
        if ((flags & ACK) === 0) this.#outlet.write(frame(Type.PING, ACK, 0, payload));
        break;
      case Type.GOAWAY:
        this.#goneAway = true;
        break;
      default:
    }
    const ends = type === Type.DATA || type === Type.HEADERS;
    if (ends && (flags & END_STREAM) !== 0) this.#answered(streamId);
  }

  #onBlock(streamId: number): void {
    this.#status = "";
    this.#decoder.decode(this.#block, {
      onField: (name, value) => {
        if (name === ":status") this.#status = value;
      },
    });
    if (this.#status >= "400") this.#refused.add(streamId);
  }

  #onBytes(bytes: number): void {
    this.#received += bytes;
    if (this.#received < WINDOW / 2) return;
    const back = Buffer.alloc(4);
    back.writeUInt32BE(this.#received);
    this.#received = 0;
    this.#outlet.write(frame(Type.WINDOW_UPDATE, 0, 0, back));
  }

  #answered(streamId: number): void {
    const scheduledMs = this.#scheduled.get(streamId);
    if (scheduledMs === undefined) return;
    this.#scheduled.delete(streamId);
    this.#observer.onAnswer(scheduledMs, !this.#refused.delete(streamId));
    if (!this.#goneAway && this.#next < LAST_STREAM) this.#observer.onFree(this);
    else if (this.#scheduled.size === 0) this.#outlet.end();
  }
}

interface FrameBody {
  readonly streamId: number;
  readonly payload: Buffer;
}

const EMPTY: Buffer = Buffer.alloc(0);

/** The block of a HEADERS frame, without padding and priority. */
function unwrap(payload: Buffer, flags: number): Buffer {
  const padding = (flags & PADDED) === 0 ? 0 : (payload[0] ?? 0);
  const from = ((flags & PADDED) === 0 ? 0 : 1) + ((flags & PRIORITY) === 0 ? 0 : 5);
  return payload.subarray(from, payload.length - padding);
}

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  payload.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** A field without indexing and without Huffman; values up to 126 bytes. */
function literal(name: number, value: string): Buffer {
  if (value.length > 126) throw new Error(`Cannot ask for ${value}: it is longer than 126 bytes`);
  return Buffer.concat([Buffer.from([name, value.length]), Buffer.from(value, "latin1")]);
}
