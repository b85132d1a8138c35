/** A ByteStream on a Bun socket, TCP or TLS: the write queue that Bun does not keep, and the events passed on. */

import type { Socket } from "bun";
import { BULK_CHUNK_BYTES, type BulkReader, bulkTurns } from "./bulk-turns.ts";
import type { ByteStream, ByteStreamHandler } from "./byte-stream.ts";

/** A Bun socket as this project uses it; `fd` is there but not in Bun's types (used by kernel-original-dst.ts). */
export type BunSocket = Socket<SocketEvents> & { readonly fd: number };

/** What the shared socket handlers call on whatever a socket carries. */
export interface SocketEvents {
  received(chunk: Uint8Array): void;
  ended(): void;
  drained(): void;
  closed(error: Error | undefined): void;
}

/** Carried by the plain twin of a socket that was upgraded to TLS: it goes on receiving ciphertext. */
export const DETACHED: SocketEvents = {
  received: () => undefined,
  ended: () => undefined,
  drained: () => undefined,
  closed: () => undefined,
};

const NO_HANDLER: ByteStreamHandler = {
  onData: () => undefined,
  onEnd: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

/** Counts the bytes of a stream, after decryption and before encryption. */
export interface StreamMeter {
  read(bytes: number): void;
  wrote(bytes: number): void;
  /** The stream is gone; `errno` is empty for a clean close. */
  closed(errno: string): void;
}

const UNMETERED: StreamMeter = {
  read: () => undefined,
  wrote: () => undefined,
  closed: () => undefined,
};

/**
 * One connection over a Bun socket. What reading and writing touch stands first, in one line of the processor's cache or
 * two: of thousands of connections none has been there for long.
 */
export class TcpStream implements BulkReader, ByteStream, SocketEvents {
  handler: ByteStreamHandler = NO_HANDLER;
  meter: StreamMeter = UNMETERED;
  #socket: BunSocket;
  #queuedBytes = 0;
  #ending = false;
  #closed = false;
  /** Its last chunk was large. */
  #bulk = false;
  /** It waits for its turn to read. */
  #heldBack = false;
  /** Its owner wants nothing more. */
  #paused = false;
  #shut = false;
  #queue: Uint8Array[] = [];
  #remoteAddress: string | undefined;
  #localAddress: string | undefined;
  #localPort: number | undefined;

  constructor(socket: BunSocket) {
    this.#socket = socket;
  }

  /** Each address is a system call, and most connections are asked for one of the two: none is made before. */
  get remoteAddress(): string {
    this.#remoteAddress ??= unmapped(this.#socket.remoteAddress);
    return this.#remoteAddress;
  }

  get remotePort(): number {
    return this.#socket.remotePort;
  }

  get localAddress(): string {
    this.#localAddress ??= unmapped(this.#socket.localAddress);
    return this.#localAddress;
  }

  get localPort(): number {
    this.#localPort ??= this.#socket.localPort;
    return this.#localPort;
  }

  /** The descriptor, for SO_ORIGINAL_DST. */
  get fd(): number {
    return this.#socket.fd;
  }

  /** Whether the server gave a TLS session ticket; known once its first bytes are there. */
  get hasTicket(): boolean {
    return this.#socket.getTLSTicket() !== undefined;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  write(bytes: Uint8Array, from = 0, to: number = bytes.length): boolean {
    if (this.#closed || this.#ending) return true;
    this.meter.wrote(to - from);
    if (this.#queuedBytes > 0) return this.#enqueue(bytes.subarray(from, to));
    const taken = this.#socket.write(bytes, from, to - from);
    if (taken === to - from || taken < 0) return true;
    return this.#enqueue(bytes.subarray(from + taken, to));
  }

  end(): void {
    if (this.#ending || this.#closed) return;
    this.#ending = true;
    if (this.#queuedBytes === 0) this.#shutdown();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#socket.terminate();
  }

  pause(): void {
    this.#paused = true;
    if (!this.#heldBack) this.#socket.pause();
  }

  resume(): void {
    if (this.#paused && this.#bulk && !this.#heldBack && !this.#closed) bulkTurns.resumes(this);
    this.#paused = false;
    if (!this.#heldBack) this.#socket.resume();
  }

  holdBack(): void {
    this.#heldBack = true;
    if (!this.#paused) this.#socket.pause();
  }

  goOn(): void {
    if (!this.#heldBack) return;
    this.#heldBack = false;
    if (!this.#paused && !this.#closed) this.#socket.resume();
  }

  /** Probes an idle peer after `ms` milliseconds (SO_KEEPALIVE). */
  keepAlive(ms: number): void {
    this.#socket.setKeepAlive(true, ms);
  }

  /** Hands the socket over to TLS; this stream hears nothing more. */
  detach(): BunSocket {
    this.goOn();
    this.#closed = true;
    this.#socket.data = DETACHED;
    return this.#socket;
  }

  received(chunk: Uint8Array): void {
    this.meter.read(chunk.length);
    this.#bulk = chunk.length >= BULK_CHUNK_BYTES;
    if (this.#bulk && !this.#heldBack) bulkTurns.took(this, chunk.length);
    this.handler.onData(chunk);
    if (this.#bulk) release(chunk);
  }

  ended(): void {
    this.handler.onEnd();
  }

  drained(): void {
    while (this.#queuedBytes > 0) {
      const first = this.#queue[0] as Uint8Array;
      const taken = this.#socket.write(first);
      if (taken <= 0) return;
      this.#queuedBytes -= taken;
      if (taken < first.length) {
        this.#queue[0] = first.subarray(taken);
        return;
      }
      this.#queue.shift();
    }
    if (this.#ending) this.#shutdown();
    else this.handler.onDrain();
  }

  closed(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.meter.closed(errnoOf(error));
    this.handler.onClose(error);
  }

  #enqueue(bytes: Uint8Array): false {
    this.#queue.push(new Uint8Array(bytes));
    this.#queuedBytes += bytes.length;
    return false;
  }

  #shutdown(): void {
    if (this.#shut || this.#closed) return;
    this.#shut = true;
    this.#socket.shutdown();
  }
}

/** Called when a handler threw: our fault, so it is reported and the connection ends. */
export type FaultObserver = (error: Error) => void;

/**
 * The handlers of every plain socket. An exception in a handler arrives at `error` and would leave the socket
 * open and stalled, so the connection is ended there.
 */
export function socketHandlers(onFault: FaultObserver): {
  data(socket: BunSocket, chunk: Uint8Array): void;
  end(socket: BunSocket): void;
  drain(socket: BunSocket): void;
  close(socket: BunSocket, error?: Error): void;
  error(socket: BunSocket, error: Error): void;
} {
  return {
    data: (socket, chunk) => socket.data.received(chunk),
    end: (socket) => socket.data.ended(),
    drain: (socket) => socket.data.drained(),
    close: (socket, error) => socket.data?.closed(error),
    error: (socket, error) => {
      onFault(error);
      socket.terminate();
    },
  };
}

/** Gives back the memory of a chunk that was received: the collector would first let 6 MB and more of them gather. */
function release(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0);
}

/** Empty where the socket is closed already. */
function unmapped(address: string | undefined): string {
  return address?.startsWith("::ffff:") ? address.slice(7) : (address ?? "");
}

/** The name of a socket error; empty for none. */
function errnoOf(error: Error | undefined): string {
  return (
    (error as { readonly code?: string } | undefined)?.code ?? (error === undefined ? "" : "EIO")
  );
}
