/** Values written as DER (X.690): just what requests and certificates consist of. */

/** One value with its tag and length. */
export type Der = Uint8Array;

const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  context: 0x80,
  contextConstructed: 0xa0,
} as const;

/** SEQUENCE of values. */
export function sequence(...values: readonly Der[]): Der {
  return tagged(Tag.sequence, Buffer.concat(values));
}

/** SET of values, which must be in the order of their bytes already (X.690 §11.6). */
export function set(...values: readonly Der[]): Der {
  return tagged(Tag.set, Buffer.concat(values));
}

/** OBJECT IDENTIFIER in dotted form. */
export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tagged(Tag.oid, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** Seven bits a byte, the highest first; all but the last byte have the eighth set. */
function base128(arc: number): number[] {
  const digits = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
    digits.unshift((left % 128) | 128);
  return digits;
}

/** INTEGER of unsigned big-endian bytes, which may begin with zeros: DER has the shortest form (X.690 §8.3.2). */
export function integer(bytes: Uint8Array): Der {
  let first = 0;
  while (first < bytes.length - 1 && bytes[first] === 0) first++;
  const shortest = bytes.length === 0 ? Uint8Array.of(0) : bytes.subarray(first);
  const negative = (shortest[0] as number) >= 0x80;
  return tagged(Tag.integer, negative ? Uint8Array.of(0, ...shortest) : shortest);
}

export function boolean(value: boolean): Der {
  return tagged(Tag.boolean, Uint8Array.of(value ? 0xff : 0));
}

export function utf8(text: string): Der {
  return tagged(Tag.utf8, new TextEncoder().encode(text));
}

export function octets(bytes: Uint8Array): Der {
  return tagged(Tag.octets, bytes);
}

/** BIT STRING; `unused` counts bits of the last byte that do not count. */
export function bits(bytes: Uint8Array, unused = 0): Der {
  return tagged(Tag.bits, Buffer.concat([Uint8Array.of(unused), bytes]));
}

/** UTCTime below 2050, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
export function time(date: Date): Der {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, "");
  return date.getUTCFullYear() < 2050
    ? tagged(Tag.utcTime, new TextEncoder().encode(digits.slice(2)))
    : tagged(Tag.generalizedTime, new TextEncoder().encode(digits));
}

/** A context-specific value that consists of others, or of bytes; the tag number is below 31. */
export function context(number: number, content: readonly Der[] | Uint8Array): Der {
  return content instanceof Uint8Array
    ? tagged(Tag.context | number, content)
    : tagged(Tag.contextConstructed | number, Buffer.concat(content));
}

/** The length is as short as it can be (X.690 §10.1). */
function tagged(tag: number, content: Uint8Array): Der {
  const { length } = content;
  const size: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) size.unshift(left % 256);
  const head = length < 128 ? [tag, length] : [tag, 0x80 | size.length, ...size];
  const der = new Uint8Array(head.length + length);
  der.set(head);
  der.set(content, head.length);
  return der;
}
