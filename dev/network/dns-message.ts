/** DNS messages as far as a resolver of Service names needs them (RFC 1035, 2782). Pure. */

import { toBytes } from "#lib/addr/ip.ts";

/** Types of records that are answered. */
export const DNS_TYPE = { A: 1, PTR: 12, AAAA: 28, SRV: 33 } as const;
/** Response codes (RFC 1035 §4.1.1). */
export const DNS_CODE = { ok: 0, formatError: 1, serverFailure: 2, noSuchName: 3 } as const;

/** A question; the name is in lower case without a trailing dot. */
export type DnsQuestion = { readonly name: string; readonly type: number };

/** A query; `end` is where its question ends. */
export type DnsQuery = DnsQuestion & {
  readonly id: number;
  readonly end: number;
  readonly recursionDesired: boolean;
};

/** One record of an answer. */
export type DnsRecord =
  | { readonly type: "A" | "AAAA"; readonly name: string; readonly ip: string }
  | { readonly type: "SRV"; readonly name: string; readonly port: number; readonly target: string };

const HEADER_BYTES = 12;
const CLASS_IN = 1;
const FLAG_RESPONSE = 0x8000;
const FLAG_AUTHORITATIVE = 0x0400;
const FLAG_TRUNCATED = 0x0200;
const FLAG_RECURSION_DESIRED = 0x0100;
const FLAG_RECURSION_AVAILABLE = 0x0080;
const LABEL_LIMIT_BYTES = 63;
const NAME_LIMIT_BYTES = 255;
/** Records stay this many seconds in a cache: as CoreDNS' 5 s for Services. */
const TTL_SECONDS = 5;
/** What a client takes without EDNS (RFC 1035 §4.2.1). */
const MESSAGE_LIMIT_BYTES = 1232;

/** Reads a query with one question; undefined where the bytes are none. */
export function parseQuery(message: Uint8Array): DnsQuery | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const flags = view.getUint16(2);
  if ((flags & FLAG_RESPONSE) !== 0 || view.getUint16(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > LABEL_LIMIT_BYTES) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(Buffer.from(message.subarray(at, at + length)).toString("latin1"));
    at += length;
    if (at - HEADER_BYTES > NAME_LIMIT_BYTES) return undefined;
  }
  if (at + 4 > message.length) return undefined;
  return {
    id: view.getUint16(0),
    name: labels.join(".").toLowerCase(),
    type: view.getUint16(at),
    end: at + 4,
    recursionDesired: (flags & FLAG_RECURSION_DESIRED) !== 0,
  };
}

/** The answer to a query; records that do not fit are left out and the answer says so. */
export function buildAnswer(
  query: { readonly message: Uint8Array; readonly parsed: DnsQuery },
  answer: { readonly code: number; readonly records: readonly DnsRecord[] },
): Uint8Array {
  const { message, parsed } = query;
  const encoded: Uint8Array[] = [];
  let size = parsed.end;
  for (const record of answer.records.map(encodeRecord)) {
    if (size + record.length > MESSAGE_LIMIT_BYTES) break;
    encoded.push(record);
    size += record.length;
  }
  const head = Buffer.alloc(HEADER_BYTES);
  const truncated = encoded.length < answer.records.length ? FLAG_TRUNCATED : 0;
  const desired = parsed.recursionDesired ? FLAG_RECURSION_DESIRED : 0;
  head.writeUInt16BE(parsed.id, 0);
  head.writeUInt16BE(
    FLAG_RESPONSE |
      FLAG_AUTHORITATIVE |
      FLAG_RECURSION_AVAILABLE |
      truncated |
      desired |
      answer.code,
    2,
  );
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(encoded.length, 6);
  return Buffer.concat([head, message.subarray(HEADER_BYTES, parsed.end), ...encoded]);
}

function encodeRecord(record: DnsRecord): Uint8Array {
  const data =
    record.type !== "SRV"
      ? toBytes(record.ip)
      : Buffer.concat([uint16(0), uint16(100), uint16(record.port), encodeName(record.target)]);
  const ttl = Buffer.alloc(4);
  ttl.writeUInt32BE(TTL_SECONDS);
  const type = uint16(DNS_TYPE[record.type]);
  return Buffer.concat([
    ...[encodeName(record.name), type, uint16(CLASS_IN), ttl, uint16(data.length), data],
  ]);
}

function encodeName(name: string): Uint8Array {
  const labels = name.split(".").map((label) => Buffer.from(label, "latin1"));
  return Buffer.concat([
    ...labels.flatMap((label) => [Uint8Array.of(label.length), label]),
    Uint8Array.of(0),
  ]);
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
