/** HTTP/2 of the load generator: several requests at a time, the same header block each time. */

import { HpackDecoder } from "#lib/hpack/decoder.ts";
import { Flag, type Frame, type FrameSink, FrameType, PREFACE } from "#lib/http2/frame.ts";
import { FrameReader } from "#lib/http2/frame-reader.ts";
import { FrameWriter } from "#lib/http2/frame-writer.ts";
import { encodeSettings, SettingId } from "#lib/http2/settings.ts";
import type { Channel, ChannelObserver, ChannelOptions, Outlet, Wire } from "./channel.ts";

const WINDOW = 2 ** 30;
const SETTINGS: Buffer = encodeSettings([
  [SettingId.ENABLE_PUSH, 0],
  [SettingId.INITIAL_WINDOW_SIZE, WINDOW],
]);
const MAX_LIST_BYTES = 64 * 1024;
const LAST_STREAM = 2 ** 31 - 2;

/** One connection with so many slots. Every stream gets more window than an answer is long. */
export class Http2Wire implements Wire, Channel, FrameSink {
  readonly #slots: number;
  readonly #outlet: Outlet;
  readonly #observer: ChannelObserver;
  /** The header block of every request. */
  readonly #request: Buffer;
  readonly #reader = new FrameReader("client");
  readonly #writer = new FrameWriter();
  readonly #decoder = new HpackDecoder({ listLimitBytes: MAX_LIST_BYTES });
  /** When the request of each open stream was due. */
  readonly #scheduled = new Map<number, number>();
  readonly #refused = new Set<number>();
  #inEvent = false;
  #next = 1;
  #block: Buffer = Buffer.alloc(0);
  #received = 0;
  #status = "";
  #goneAway = false;

  constructor(options: ChannelOptions, outlet: Outlet, observer: ChannelObserver) {
    this.#slots = options.streams;
    this.#outlet = outlet;
    this.#observer = observer;
    // :method GET, :scheme http, then literals of :path and :authority (RFC 7541 §6.2.2).
    this.#request = Buffer.concat([
      Buffer.from([0x82, options.tls === undefined ? 0x86 : 0x87]),
      literal(0x04, options.path),
      literal(0x01, options.authority),
    ]);
  }

  onOpen(): void {
    this.#writer.out.push(PREFACE);
    this.#writer.frame(FrameType.SETTINGS, 0, 0, SETTINGS);
    this.#writer.windowUpdate(0, WINDOW);
    this.#flush();
    for (let i = 0; i < this.#slots; i++) this.#observer.onFree(this);
  }

  send(scheduledMs: number): void {
    this.#scheduled.set(this.#next, scheduledMs);
    this.#writer.headers(this.#next, this.#request, this.#request.length, true);
    this.#next += 2;
    if (!this.#inEvent) this.#flush();
  }

  /** What one event gives rise to, requests and acknowledgements, goes out in one write. */
  #flush(): void {
    const { out } = this.#writer;
    if (out.length > 0) this.#outlet.write(out.view());
    out.clear();
  }

  close(): void {
    this.#outlet.end();
  }

  onData(bytes: Buffer): void {
    this.#inEvent = true;
    this.#reader.receive(bytes, this);
    this.#inEvent = false;
    this.#flush();
  }

  onGone(): void {
    for (const scheduledMs of this.#scheduled.values()) this.#observer.onAnswer(scheduledMs, false);
    this.#scheduled.clear();
  }

  /** Called by the reader of frames. */
  onFrame(frame: Frame): void {
    const { type, flags, streamId } = frame;
    switch (type) {
      case FrameType.DATA:
        this.#onBytes(frame.length);
        break;
      case FrameType.HEADERS:
        this.#block = Buffer.from(unwrap(frame));
        if ((flags & Flag.END_HEADERS) !== 0) this.#onBlock(streamId);
        break;
      case FrameType.CONTINUATION:
        this.#block = Buffer.concat([this.#block, frame.view()]);
        if ((flags & Flag.END_HEADERS) !== 0) this.#onBlock(streamId);
        break;
      case FrameType.RST_STREAM:
        this.#refused.add(streamId);
        this.#answered(streamId);
        break;
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) === 0) this.#writer.frame(type, Flag.ACK, 0, EMPTY);
        break;
      case FrameType.PING:
        if ((flags & Flag.ACK) === 0) this.#writer.frame(type, Flag.ACK, 0, frame.view());
        break;
      case FrameType.GOAWAY:
        this.#goneAway = true;
        break;
      default:
    }
    const ends = type === FrameType.DATA || type === FrameType.HEADERS;
    if (ends && (flags & Flag.END_STREAM) !== 0) this.#answered(streamId);
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
    this.#writer.windowUpdate(0, this.#received);
    this.#received = 0;
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

const EMPTY: Buffer = Buffer.alloc(0);

/** The block of a HEADERS frame, without padding and priority. */
function unwrap(frame: Frame): Buffer {
  const payload = frame.view();
  const padded = (frame.flags & Flag.PADDED) !== 0;
  const from = (padded ? 1 : 0) + ((frame.flags & Flag.PRIORITY) === 0 ? 0 : 5);
  return payload.subarray(from, payload.length - (padded ? (payload[0] ?? 0) : 0));
}

/** A field without indexing and without Huffman; values up to 126 bytes. */
function literal(name: number, value: string): Buffer {
  if (value.length > 126) throw new Error(`Cannot ask for ${value}: it is longer than 126 bytes`);
  return Buffer.concat([Buffer.from([name, value.length]), Buffer.from(value, "latin1")]);
}
