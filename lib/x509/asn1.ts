/** DER and PEM through node-forge, its only door. */

import type { asn1 as Asn1Types, pem as PemTypes } from "node-forge";
import asn1 from "node-forge/lib/asn1";
import pem from "node-forge/lib/pem";

/** A node of a DER tree. */
export type Node = Asn1Types.Asn1;

const { Class, Type } = { Class: asn1.Class, Type: asn1.Type };

/** SEQUENCE of nodes. */
export function sequence(...nodes: readonly Node[]): Node {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...nodes]);
}

/** SET of nodes. */
export function set(...nodes: readonly Node[]): Node {
  return asn1.create(Class.UNIVERSAL, Type.SET, true, [...nodes]);
}

/** OBJECT IDENTIFIER in dotted form. */
export function oid(dotted: string): Node {
  return asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes());
}

/** INTEGER of unsigned big-endian bytes. */
export function integer(bytes: Uint8Array): Node {
  const padded = (bytes[0] ?? 0) >= 0x80 ? Uint8Array.of(0, ...bytes) : bytes;
  return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, toBinary(padded));
}

export function boolean(value: boolean): Node {
  return asn1.create(Class.UNIVERSAL, Type.BOOLEAN, false, value ? "\xff" : "\x00");
}

export function utf8(text: string): Node {
  return asn1.create(Class.UNIVERSAL, Type.UTF8, false, toBinary(new TextEncoder().encode(text)));
}

export function octets(bytes: Uint8Array): Node {
  return asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, toBinary(bytes));
}

/** BIT STRING; `unused` counts bits of the last byte that do not count. */
export function bits(bytes: Uint8Array, unused = 0): Node {
  return asn1.create(
    Class.UNIVERSAL,
    Type.BITSTRING,
    false,
    String.fromCharCode(unused) + toBinary(bytes),
  );
}

/** UTCTime below 2050, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
export function time(date: Date): Node {
  return date.getUTCFullYear() < 2050
    ? asn1.create(Class.UNIVERSAL, Type.UTCTIME, false, asn1.dateToUtcTime(date) as string)
    : asn1.create(
        Class.UNIVERSAL,
        Type.GENERALIZEDTIME,
        false,
        asn1.dateToGeneralizedTime(date) as string,
      );
}

/** A context-specific node with parts, or with bytes. */
export function context(tag: number, content: readonly Node[] | Uint8Array): Node {
  const constructed = !(content instanceof Uint8Array);
  const value = content instanceof Uint8Array ? toBinary(content) : [...content];
  return asn1.create(Class.CONTEXT_SPECIFIC, tag as Asn1Types.Type, constructed, value);
}

/** A tree as DER. */
export function encode(node: Node): Uint8Array {
  return fromBinary(asn1.toDer(node).getBytes());
}

/** DER as a tree; bit strings stay bytes. Throws where it is malformed. */
export function decode(der: Uint8Array): Node {
  return asn1.fromDer(toBinary(der), {
    strict: true,
    decodeBitStrings: false,
  } as unknown as boolean);
}

/** The parts of a constructed node; undefined where it is primitive. */
export function partsOf(node: Node | undefined): readonly Node[] | undefined {
  return Array.isArray(node?.value) ? node.value : undefined;
}

/** The bytes of a primitive node; undefined where it is constructed. */
export function bytesOf(node: Node | undefined): Uint8Array | undefined {
  return typeof node?.value === "string" ? fromBinary(node.value) : undefined;
}

/** The dotted form of an OBJECT IDENTIFIER node; undefined where it is none. */
export function oidOf(node: Node | undefined): string | undefined {
  return node?.type === Type.OID && typeof node.value === "string"
    ? asn1.derToOid(node.value)
    : undefined;
}

/** The tag number of a node. */
export function tagOf(node: Node): number {
  return node.type;
}

/** Bytes as PEM with a label. */
export function toPem(label: string, der: Uint8Array): string {
  return pem
    .encode({ type: label, body: toBinary(der) } as PemTypes.ObjectPEM)
    .replaceAll("\r\n", "\n");
}

/** All blocks of a PEM text that carry the label. */
export function fromPem(label: string, text: string): Uint8Array[] {
  if (!text.includes("-----BEGIN ")) return [];
  return pem
    .decode(text)
    .filter(({ type }) => type === label)
    .map(({ body }) => fromBinary(body));
}

function toBinary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function fromBinary(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}
