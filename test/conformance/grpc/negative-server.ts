/** A gRPC server that misbehaves as the cases of gRPC's negative HTTP/2 tests want it, in frames written by hand. */

import { createServer, type Server, type Socket } from "node:net";

/** What the server does wrong, or watches. */
export type NegativeCase =
  | "goaway"
  | "rst_after_header"
  | "rst_during_data"
  | "rst_after_data"
  | "ping"
  | "max_streams";

/** RFC 9113 §6. */
const Type = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
} as const;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const FRAME_HEADER_BYTES = 9;
const PREFACE_BYTES = 24;
const DEFAULT_WINDOW = 65_535;
const CHUNK_BYTES = 16_384;
const STREAM_LIMIT = 1;
const REFUSED_STREAM = 7;
const WIDE_WINDOW = 2 ** 30;
/** What the large unary call of the interoperability tests wants back. */
const RESPONSE_BYTES = 314_159;
/** `:status: 200`, `content-type: application/grpc` (RFC 7541 §6.1, §6.2.2). */
const RESPONSE_FIELDS = Buffer.from("880f1010", "hex").toString("latin1");
const RESPONSE_BLOCK: Buffer = Buffer.from(`${RESPONSE_FIELDS}application/grpc`, "latin1");
/** `grpc-status: 0`. */
const TRAILER_BLOCK: Buffer = Buffer.from("\x00\x0bgrpc-status\x010", "latin1");
/** A message of SimpleResponse: a payload of zeros, framed. */
const RESPONSE: Buffer = simpleResponse();

/** What the server saw, for whoever judges. */
export interface Seen {
  /** Connections that carried a request. */
  connections: number;
  /** Streams above the limit that came although the client had acknowledged it. */
  aboveLimit: number;
  /** Those that came before: refused, as a server may (RFC 9113 §5.1.2). */
  refused: number;
  pings: number;
  acknowledged: number;
}

/** Listens on loopback until it is closed. */
export async function startNegativeServer(
  name: NegativeCase,
): Promise<{ readonly port: number; readonly seen: Seen; stop(): void }> {
  const seen: Seen = { connections: 0, aboveLimit: 0, refused: 0, pings: 0, acknowledged: 0 };
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    new Connection(socket, name, seen);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Cannot listen: no port");
  const stop = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: address.port, seen, stop };
}

interface Stream {
  window: number;
  sent: number;
}

class Connection {
  readonly #socket: Socket;
  readonly #name: NegativeCase;
  readonly #seen: Seen;
  /** Streams whose request has begun and whose response has not ended. */
  readonly #open = new Set<number>();
  readonly #answering = new Map<number, Stream>();
  #rest: Buffer = Buffer.alloc(0);
  #prefaceLeft = PREFACE_BYTES;
  #window = DEFAULT_WINDOW;
  #initial = DEFAULT_WINDOW;
  #used = false;
  #limitKnown = false;

  constructor(socket: Socket, name: NegativeCase, seen: Seen) {
    this.#socket = socket;
    this.#name = name;
    this.#seen = seen;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", () => undefined);
    // MAX_CONCURRENT_STREAMS 1; windows as wide as requests may be.
    const settings = Buffer.from("00030000000100047fffffff", "hex");
    this.#frame(Type.SETTINGS, 0, 0, name === "max_streams" ? settings : settings.subarray(6));
    const wide = Buffer.alloc(4);
    wide.writeUInt32BE(WIDE_WINDOW);
    this.#frame(Type.WINDOW_UPDATE, 0, 0, wide);
  }

  #receive(chunk: Buffer): void {
    const skipped = Math.min(this.#prefaceLeft, chunk.length);
    this.#prefaceLeft -= skipped;
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(skipped)]);
    while (this.#rest.length >= FRAME_HEADER_BYTES) {
      const end = FRAME_HEADER_BYTES + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) break;
      const [type = 0, flags = 0] = this.#rest.subarray(3, 5);
      const payload = this.#rest.subarray(FRAME_HEADER_BYTES, end);
      const id = this.#rest.readUInt32BE(5);
      this.#rest = this.#rest.subarray(end);
      this.#onFrame(type, flags, id, payload);
    }
  }

  #onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    if (type === Type.HEADERS) this.#onHeaders(id);
    if ((type === Type.HEADERS || type === Type.DATA) && (flags & END_STREAM) !== 0)
      this.#answer(id);
    if (type === Type.SETTINGS)
      if ((flags & ACK) === 0) this.#onSettings(payload);
      else this.#limitKnown = true;
    if (type === Type.PING)
      if ((flags & ACK) === 0) this.#frame(Type.PING, ACK, 0, payload);
      else this.#seen.acknowledged++;
    if (type === Type.WINDOW_UPDATE) this.#onWindow(id, payload.readUInt32BE(0));
    if (type === Type.RST_STREAM) this.#end(id);
  }

  #onHeaders(id: number): void {
    if (!this.#used) this.#seen.connections++;
    this.#used = true;
    if (this.#name === "max_streams" && this.#open.size === STREAM_LIMIT) {
      if (this.#limitKnown) this.#seen.aboveLimit++;
      else this.#seen.refused++;
      this.#reset(id, REFUSED_STREAM);
    } else this.#open.add(id);
  }

  #onSettings(payload: Buffer): void {
    for (let at = 0; at < payload.length; at += 6)
      if (payload.readUInt16BE(at) === 4) this.#initial = payload.readUInt32BE(at + 2);
    this.#frame(Type.SETTINGS, ACK, 0, Buffer.alloc(0));
  }

  #onWindow(id: number, more: number): void {
    const stream = this.#answering.get(id);
    if (id === 0) this.#window += more;
    else if (stream !== undefined) stream.window += more;
    for (const each of [...this.#answering.keys()]) this.#pump(each);
  }

  #answer(id: number): void {
    if (!this.#open.has(id)) return;
    this.#headers(id, RESPONSE_BLOCK, 0);
    if (this.#name === "rst_after_header") this.#reset(id);
    else {
      this.#answering.set(id, { window: this.#initial, sent: 0 });
      this.#pump(id);
    }
  }

  #pump(id: number): void {
    const stream = this.#answering.get(id);
    const enough = this.#name === "rst_during_data" ? RESPONSE.length / 2 : RESPONSE.length;
    while (stream !== undefined && stream.sent < enough) {
      const left = RESPONSE.length - stream.sent;
      const length = Math.min(left, CHUNK_BYTES, stream.window, this.#window);
      if (length <= 0) return;
      this.#ping();
      this.#frame(Type.DATA, 0, id, RESPONSE.subarray(stream.sent, stream.sent + length));
      stream.sent += length;
      stream.window -= length;
      this.#window -= length;
    }
    if (this.#name.startsWith("rst_")) this.#reset(id);
    else this.#finish(id);
  }

  #finish(id: number): void {
    this.#ping();
    // As the tests' description says: between the two calls of one client.
    if (this.#name === "goaway") {
      const last = Buffer.alloc(8);
      last.writeUInt32BE(id);
      this.#frame(Type.GOAWAY, 0, 0, last);
    }
    this.#headers(id, TRAILER_BLOCK, END_STREAM);
    this.#end(id);
  }

  #end(id: number): void {
    this.#answering.delete(id);
    this.#open.delete(id);
  }

  #reset(id: number, code = 0): void {
    this.#frame(Type.RST_STREAM, 0, id, Buffer.from([0, 0, 0, code]));
    this.#end(id);
  }

  #ping(): void {
    if (this.#name !== "ping") return;
    this.#seen.pings++;
    this.#frame(Type.PING, 0, 0, Buffer.alloc(8, this.#seen.pings));
  }

  #headers(id: number, block: Buffer, flags: number): void {
    this.#ping();
    this.#frame(Type.HEADERS, END_HEADERS | flags, id, block);
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    const head = Buffer.alloc(FRAME_HEADER_BYTES);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(id, 5);
    this.#socket.write(Buffer.concat([head, payload]));
  }
}

function simpleResponse(): Buffer {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
  const body = [0x12, ...varint(RESPONSE_BYTES)];
  const payload = [0x0a, ...varint(body.length + RESPONSE_BYTES), ...body];
  const message = Buffer.concat([Buffer.from(payload), Buffer.alloc(RESPONSE_BYTES)]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
