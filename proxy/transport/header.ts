/** The header that one proxy sends another on the direct path, before anything else (WIRE7 to WIRE9). */

/** ALPN name of connections that begin with the header. */
export const TRANSPORT_ALPN = "transport.l5d.io/v1";

/** A header longer than this is refused: names are at most 253 bytes. */
export const TRANSPORT_HEADER_LIMIT_BYTES = 1024;

/** What the header says: which port is meant, a name for a gateway, and which HTTP follows. */
export interface TransportHeader {
  readonly port: number;
  /** Empty except towards a gateway. */
  readonly name: string;
  /** Undefined: opaque bytes follow. */
  readonly sessionProtocol: "http1" | "http2" | undefined;
}

/** What the first bytes of a direct connection hold. */
export type HeaderRead =
  | { readonly type: "incomplete" }
  | { readonly type: "invalid" }
  | { readonly type: "header"; readonly header: TransportHeader; readonly rest: Uint8Array };

const PREFACE = new TextEncoder().encode(`${TRANSPORT_ALPN}\r\n\r\n`);
const INVALID: HeaderRead = { type: "invalid" };
const INCOMPLETE: HeaderRead = { type: "incomplete" };

/** Writes preface, length and message. */
export function encodeTransportHeader(header: TransportHeader): Uint8Array {
  const name = new TextEncoder().encode(header.name);
  const message = [
    0x08,
    ...varint(header.port),
    ...(name.length > 0 ? [0x12, ...varint(name.length), ...name] : []),
    ...sessionField(header.sessionProtocol),
  ];
  const bytes = new Uint8Array(PREFACE.length + 4 + message.length);
  bytes.set(PREFACE);
  new DataView(bytes.buffer).setUint32(PREFACE.length, message.length);
  bytes.set(message, PREFACE.length + 4);
  return bytes;
}

function sessionField(session: TransportHeader["sessionProtocol"]): readonly number[] {
  if (session === undefined) return [];
  return session === "http1" ? [0x1a, 2, 0x0a, 0] : [0x1a, 2, 0x12, 0];
}

/** Reads the header off all bytes so far; unknown fields are passed over, as protobuf demands. */
export function readTransportHeader(bytes: Uint8Array): HeaderRead {
  for (let i = 0; i < PREFACE.length; i++) {
    if (i === bytes.length) return INCOMPLETE;
    if (bytes[i] !== PREFACE[i]) return INVALID;
  }
  const start = PREFACE.length + 4;
  if (bytes.length < start) return INCOMPLETE;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(PREFACE.length);
  if (length > TRANSPORT_HEADER_LIMIT_BYTES) return INVALID;
  if (bytes.length < start + length) return INCOMPLETE;
  const header = parseMessage(bytes.subarray(start, start + length));
  return header === undefined
    ? INVALID
    : { type: "header", header, rest: bytes.subarray(start + length) };
}

/** Parses `transport.l5d.io.Header`; undefined where it is malformed or its port is not 1 to 65535. */
function parseMessage(message: Uint8Array): TransportHeader | undefined {
  const reader = new FieldReader(message);
  let port = 0;
  let name = "";
  let sessionProtocol: TransportHeader["sessionProtocol"];
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === 1) port = field.value;
    else if (field.number === 2) name = new TextDecoder().decode(field.bytes);
    else if (field.number === 3) sessionProtocol = sessionOf(field.bytes);
  }
  return reader.malformed || port < 1 || port > 0xffff
    ? undefined
    : { port, name, sessionProtocol };
}

function sessionOf(bytes: Uint8Array): TransportHeader["sessionProtocol"] {
  if (bytes[0] === 0x0a) return "http1";
  return bytes[0] === 0x12 ? "http2" : undefined;
}

interface Field {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/** Walks the fields of a protobuf message with varints and length-delimited values. */
class FieldReader {
  malformed = false;
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): Field | undefined {
    if (this.#at >= this.#bytes.length || this.malformed) return undefined;
    const tag = this.#varint();
    const value = this.#varint();
    const wire = tag & 7;
    if (wire === 0) return { number: tag >> 3, value, bytes: NO_BYTES };
    const end = this.#at + value;
    if (wire !== 2 || end > this.#bytes.length) {
      this.malformed = true;
      return undefined;
    }
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return { number: tag >> 3, value: 0, bytes };
  }

  #varint(): number {
    let value = 0;
    for (let shift = 1; shift < 2 ** 35; shift *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
    this.malformed = true;
    return 0;
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left & 127) | 128);
  return [...bytes, left];
}
