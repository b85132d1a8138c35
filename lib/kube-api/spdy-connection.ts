/** SPDY/3 as kubectl speaks it to API servers: frames, and streams that the client opens. */

import { HeaderDeflater, HeaderInflater } from "./spdy-headers.ts";

/** What carries the frames. */
export interface SpdyTransport {
  /** False means: send no more until `drained` is called. */
  send(bytes: Uint8Array): boolean;
  close(): void;
}

/** What the client does with a stream. */
export interface SpdyStreamObserver {
  /** The bytes are the observer's. */
  onData(bytes: Uint8Array): void;
  /** The client sends no more. */
  onEnd(): void;
  /** The stream is over before its end: the client has reset it, or is gone. */
  onReset(): void;
}

const Type = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7, headers: 8 } as const;
const CONTROL = 0x80;
const VERSION = 3;
const FIN = 1;
const HEAD_BYTES = 8;
const ID_MASK = 0x7fffffff;
/** Of a SYN_STREAM before its fields: its id, another one's, priority and slot. */
const SYN_STREAM_BYTES = 10;
const CANCEL = 5;
/** A longer frame ends the connection. */
const FRAME_LIMIT_BYTES = 4 * 1024 * 1024;
/** More open streams end the connection. */
const STREAM_LIMIT = 4_096;

const NOBODY: SpdyStreamObserver = {
  onData: () => undefined,
  onEnd: () => undefined,
  onReset: () => undefined,
};

/** A stream that the client has opened. */
export class SpdyStream {
  observer: SpdyStreamObserver = NOBODY;
  readonly id: number;
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly #write: (frame: Uint8Array) => boolean;
  readonly #forget: () => void;
  #ended = false;
  #clientEnded = false;

  constructor(
    { id, fields }: Pick<SpdyStream, "id" | "fields">,
    host: { readonly write: (frame: Uint8Array) => boolean; readonly forget: () => void },
  ) {
    this.id = id;
    this.fields = fields;
    this.#write = host.write;
    this.#forget = host.forget;
  }

  /** False means: send no more until the connection has drained. */
  send(bytes: Uint8Array): boolean {
    return this.#ended || bytes.length === 0 || this.#write(dataFrame(this.id, 0, bytes));
  }

  /** Nothing more is sent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#write(dataFrame(this.id, FIN, new Uint8Array(0)));
    if (this.#clientEnded) this.#forget();
  }

  /** Ends it both ways; the observer hears nothing more. */
  reset(): void {
    if (this.#ended && this.#clientEnded) return;
    this.#ended = true;
    this.#clientEnded = true;
    const status = Buffer.alloc(8);
    status.writeUInt32BE(this.id);
    status.writeUInt32BE(CANCEL, 4);
    this.#write(controlFrame(Type.reset, status));
    this.#forget();
  }

  /** For the connection: what the client has sent. */
  received(bytes: Uint8Array, ended: boolean): void {
    if (this.#clientEnded) return;
    if (bytes.length > 0) this.observer.onData(bytes);
    if (!ended || this.#clientEnded) return;
    this.#clientEnded = true;
    if (this.#ended) this.#forget();
    this.observer.onEnd();
  }

  /** For the connection: there is no such stream any more. */
  gone(): void {
    const over = this.#ended && this.#clientEnded;
    this.#ended = true;
    this.#clientEnded = true;
    this.#forget();
    if (!over) this.observer.onReset();
  }
}

/** The server's end of a connection. */
export class SpdyConnection {
  readonly #transport: SpdyTransport;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #inflater = new HeaderInflater();
  readonly #deflater = new HeaderDeflater();
  #rest: Buffer = Buffer.alloc(0);
  #open = true;

  /** `onStream` is told of each stream, once it has been accepted. */
  constructor(transport: SpdyTransport, onStream: (stream: SpdyStream) => void) {
    this.#transport = transport;
    this.#onStream = onStream;
  }

  /** Takes what came; a client that breaks the protocol is left. */
  take(chunk: Uint8Array): void {
    if (!this.#open) return;
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    try {
      for (let next = this.#frame(at); next > at && this.#open; next = this.#frame(at)) at = next;
      this.#rest = this.#rest.subarray(at);
    } catch {
      // Bytes that are no SPDY/3: there is nobody to tell.
      this.close();
    }
  }

  /** Ends the connection and all its streams. */
  close(): void {
    if (!this.#open) return;
    this.left();
    this.#transport.close();
  }

  /** The client is gone. */
  left(): void {
    this.#open = false;
    this.#rest = Buffer.alloc(0);
    for (const stream of [...this.#streams.values()]) stream.gone();
  }

  /** Reads the frame at an offset and returns where the next begins; the same offset where it is not all there. */
  #frame(at: number): number {
    const bytes = this.#rest;
    if (bytes.length < at + HEAD_BYTES) return at;
    const length = bytes.readUIntBE(at + 5, 3);
    if (length > FRAME_LIMIT_BYTES) throw new Error("Cannot read SPDY: a frame is too long");
    const end = at + HEAD_BYTES + length;
    if (bytes.length < end) return at;
    const flags = bytes.readUInt8(at + 4);
    // A copy: whoever gets it may keep it.
    const payload = Buffer.from(bytes.subarray(at + HEAD_BYTES, end));
    if ((bytes.readUInt8(at) & CONTROL) === 0) {
      const stream = this.#streams.get(bytes.readUInt32BE(at));
      stream?.received(payload, (flags & FIN) !== 0);
    } else {
      if ((bytes.readUInt16BE(at) & 0x7fff) !== VERSION)
        throw new Error("Cannot read SPDY: the version is another one");
      this.#control(bytes.readUInt16BE(at + 2), { flags, payload });
    }
    return end;
  }

  #control(type: number, frame: { readonly flags: number; readonly payload: Buffer }): void {
    const { flags, payload } = frame;
    const id = payload.length >= 4 ? payload.readUInt32BE() & ID_MASK : 0;
    switch (type) {
      case Type.synStream:
        this.#accept(id, frame);
        return;
      case Type.reset:
        this.#streams.get(id)?.gone();
        return;
      case Type.ping:
        this.#write(controlFrame(Type.ping, payload));
        return;
      case Type.headers:
        // Nothing is done with them, but they are part of what is compressed.
        this.#inflater.read(payload.subarray(4));
        this.#streams.get(id)?.received(new Uint8Array(0), (flags & FIN) !== 0);
        return;
      case Type.goAway:
        this.close();
        return;
      default:
        return;
    }
  }

  #accept(
    id: number,
    { flags, payload }: { readonly flags: number; readonly payload: Buffer },
  ): void {
    const fields = this.#inflater.read(payload.subarray(SYN_STREAM_BYTES));
    if (id % 2 === 0 || this.#streams.has(id) || this.#streams.size >= STREAM_LIMIT)
      throw new Error(`Cannot accept SPDY stream ${id}: it is taken, or too many are open`);
    const stream = new SpdyStream(
      { id, fields },
      { write: (bytes) => this.#write(bytes), forget: () => void this.#streams.delete(id) },
    );
    this.#streams.set(id, stream);
    const reply = Buffer.alloc(4);
    reply.writeUInt32BE(id);
    const block = this.#deflater.write(new Map());
    this.#write(controlFrame(Type.synReply, Buffer.concat([reply, block])));
    this.#onStream(stream);
    stream.received(new Uint8Array(0), (flags & FIN) !== 0);
  }

  #write(frame: Uint8Array): boolean {
    return !this.#open || this.#transport.send(frame);
  }
}

function controlFrame(type: number, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(0x8000 | VERSION);
  head.writeUInt16BE(type, 2);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

function dataFrame(id: number, flags: number, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(id);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}
