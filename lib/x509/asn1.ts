/** DER read through node-forge, its only door. */

import type { asn1 as Asn1Types } from "node-forge";
import asn1 from "node-forge/lib/asn1";

/** A node of a DER tree. */
export type Node = Asn1Types.Asn1;

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
  return node?.type === asn1.Type.OID && typeof node.value === "string"
    ? asn1.derToOid(node.value)
    : undefined;
}

/** The tag number of a node. */
export function tagOf(node: Node): number {
  return node.type;
}

function toBinary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function fromBinary(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}
