/** WebSocket (RFC 6455): the handshake's key, frames read into messages, and frames written. */

import { createHash } from "node:crypto";
import { ByteChunks } from "#lib/bytes/byte-chunks.ts";
import { asBuffer } from "#lib/bytes/latin1.ts";

/** What a frame carries. Text and binary begin a message, `continuation` goes on with it. */
export const Opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** Why a connection ends (RFC 6455 §7.4.1). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  none: 1005,
  tooBig: 1009,
  internalError: 1011,
} as const;

/** Payloads of control frames are at most this long. */
const CONTROL_LIMIT_BYTES = 125;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_16 = 0xffff;
const MASK_BYTES = 4;
/** Joined to the client's key (RFC 6455 §1.3). */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A peer that breaks the protocol; `code` is what it is told. */
export class WebSocketError extends Error {
  override readonly name = "WebSocketError";
  readonly code: number;

  constructor(message: string, code: number = CloseCode.protocolError) {
    super(`Cannot read WebSocket: ${message}`);
    this.code = code;
  }
}

/** `Sec-WebSocket-Accept` for a client's `Sec-WebSocket-Key`. */
export function acceptKey(key: string): string {
  return createHash("sha1").update(`${key}${GUID}`).digest("base64");
}

/** A frame to write. */
export interface WebSocketFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** False where the message goes on in the next frame. */
  readonly final?: boolean;
  /** Four random bytes: clients must mask, servers must not. */
  readonly mask?: Uint8Array;
}

/** One frame as bytes. */
export function encodeFrame({ opcode, payload, final = true, mask }: WebSocketFrame): Uint8Array {
  const { length } = payload;
  const head = length < LENGTH_16 ? 2 : length <= MAX_16 ? 4 : 10;
  const start = head + (mask === undefined ? 0 : MASK_BYTES);
  const bytes = Buffer.alloc(start + length);
  bytes[0] = (final ? 0x80 : 0) | opcode;
  const masked = mask === undefined ? 0 : 0x80;
  if (head === 2) bytes[1] = masked | length;
  else if (head === 4) {
    bytes[1] = masked | LENGTH_16;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = masked | LENGTH_64;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.set(payload, start);
  if (mask !== undefined) {
    bytes.set(mask, head);
    unmask(bytes.subarray(start), mask);
  }
  return bytes;
}

/** The payload of a close frame. */
export function encodeClose(code: number, reason: string): Uint8Array {
  const text = Buffer.from(reason);
  let length = Math.min(text.length, CONTROL_LIMIT_BYTES - 2);
  // No character is cut in two.
  while (length < text.length && ((text[length] ?? 0) & 0xc0) === 0x80) length -= 1;
  const bytes = Buffer.alloc(2 + length);
  bytes.writeUInt16BE(code);
  text.copy(bytes, 2, 0, length);
  return bytes;
}

/** What is read. */
export interface WebSocketObserver {
  /** A whole message; the bytes are the observer's. */
  onMessage(payload: Uint8Array, text: boolean): void;
  onPing(payload: Uint8Array): void;
  onPong(payload: Uint8Array): void;
  /** The peer closes; `code` is CloseCode.none where it says none. Nothing is read after it. */
  onClose(code: number, reason: string): void;
}

/** What may come. */
export interface WebSocketLimits {
  /** Whether the peer must mask (it is a client) or must not (it is a server). */
  readonly masked: boolean;
  /** The longest message, in bytes. */
  readonly messageBytes: number;
}

type Head = {
  readonly final: boolean;
  readonly opcode: number;
  readonly mask: Uint8Array | undefined;
  readonly length: number;
  /** Where the payload begins. */
  readonly start: number;
};

const CONTROLS: ReadonlySet<number> = new Set([Opcode.close, Opcode.ping, Opcode.pong]);

/** Reads frames, cut anywhere, into messages. */
export class WebSocketReader {
  readonly #observer: WebSocketObserver;
  readonly #limits: WebSocketLimits;
  #rest: Buffer = Buffer.alloc(0);
  readonly #parts = new ByteChunks();
  #partBytes = 0;
  #text: boolean | undefined;
  #closed = false;

  constructor(observer: WebSocketObserver, limits: WebSocketLimits) {
    this.#observer = observer;
    this.#limits = limits;
  }

  /** Takes what came. Throws WebSocketError where the peer breaks the protocol or a limit. */
  take(chunk: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (!this.#closed) {
      const head = this.#readHead(at);
      if (head === undefined || head.start + head.length > this.#rest.length) break;
      at = head.start + head.length;
      // A copy: the observer may keep it.
      const payload = new Uint8Array(this.#rest.subarray(head.start, at));
      if (head.mask !== undefined) unmask(payload, head.mask);
      if (CONTROLS.has(head.opcode)) this.#control(head.opcode, payload);
      else this.#data(head, payload);
    }
    this.#rest = this.#closed ? Buffer.alloc(0) : this.#rest.subarray(at);
  }

  /** Undefined until all of it is there; what is wrong is told as soon as it is seen. */
  #readHead(at: number): Head | undefined {
    const bytes = this.#rest;
    if (bytes.length < at + 2) return undefined;
    const first = bytes.readUInt8(at);
    const second = bytes.readUInt8(at + 1);
    const final = (first & 0x80) !== 0;
    const opcode = first & 0x0f;
    const short = second & 0x7f;
    this.#check({ reserved: first & 0x70, masked: second >= 0x80, final, opcode, short });
    const lengthBytes = short === LENGTH_64 ? 8 : short === LENGTH_16 ? 2 : 0;
    const maskAt = at + 2 + lengthBytes;
    if (bytes.length < maskAt) return undefined;
    const length = this.#length(short, at + 2);
    const start = maskAt + (this.#limits.masked ? MASK_BYTES : 0);
    if (bytes.length < start) return undefined;
    const mask = this.#limits.masked ? Uint8Array.from(bytes.subarray(maskAt, start)) : undefined;
    return { final, opcode, mask, length, start };
  }

  #check(frame: {
    readonly reserved: number;
    readonly masked: boolean;
    readonly final: boolean;
    readonly opcode: number;
    readonly short: number;
  }): void {
    const { reserved, masked, final, opcode, short } = frame;
    if (reserved !== 0) throw new WebSocketError("reserved bits are set");
    if (masked !== this.#limits.masked)
      throw new WebSocketError(masked ? "a server's frame is masked" : "a frame is not masked");
    if (CONTROLS.has(opcode)) {
      if (!final || short > CONTROL_LIMIT_BYTES)
        throw new WebSocketError("a control frame is in pieces or too long");
    } else if (opcode === Opcode.continuation) {
      if (this.#text === undefined) throw new WebSocketError("a continuation continues nothing");
    } else if (opcode !== Opcode.text && opcode !== Opcode.binary)
      throw new WebSocketError(`opcode ${opcode} is unknown`);
    else if (this.#text !== undefined)
      throw new WebSocketError("a message begins within another one");
  }

  #length(short: number, at: number): number {
    let length = short;
    if (short === LENGTH_16) length = this.#rest.readUInt16BE(at);
    if (short === LENGTH_64) length = Number(this.#rest.readBigUInt64BE(at));
    const { messageBytes } = this.#limits;
    if (length <= CONTROL_LIMIT_BYTES || this.#partBytes + length <= messageBytes) return length;
    throw new WebSocketError(`a message is longer than ${messageBytes} bytes`, CloseCode.tooBig);
  }

  #control(opcode: number, payload: Uint8Array): void {
    if (opcode === Opcode.ping) this.#observer.onPing(payload);
    else if (opcode === Opcode.pong) this.#observer.onPong(payload);
    else {
      if (payload.length === 1) throw new WebSocketError("a close frame has half a code");
      this.#closed = true;
      const bytes = Buffer.from(payload);
      const code = bytes.length === 0 ? CloseCode.none : bytes.readUInt16BE();
      this.#observer.onClose(code, bytes.subarray(2).toString());
    }
  }

  #data({ final, opcode }: Head, payload: Uint8Array): void {
    this.#text ??= opcode === Opcode.text;
    this.#partBytes += payload.length;
    if (this.#partBytes > this.#limits.messageBytes)
      throw new WebSocketError(
        `a message is longer than ${this.#limits.messageBytes} bytes`,
        CloseCode.tooBig,
      );
    // A message of one frame is that frame's.
    const only = final && this.#parts.empty;
    if (!only) this.#parts.push(asBuffer(payload));
    if (!final) return;
    const whole = only ? payload : new Uint8Array(this.#parts.joined());
    const text = this.#text;
    this.#parts.clear();
    this.#partBytes = 0;
    this.#text = undefined;
    this.#observer.onMessage(whole, text);
  }
}

/** Masks or unmasks in place. */
function unmask(bytes: Uint8Array, mask: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 1)
    bytes[at] = (bytes[at] as number) ^ (mask[at % MASK_BYTES] as number);
}
