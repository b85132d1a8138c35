/** C14: connections and handshakes that come to nothing. */

import { NAMES } from "../names.ts";
import type { Attack } from "./attack.ts";

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
/** Bytes behind their length, of two bytes. */
const vector = (...parts: readonly Buffer[]): Buffer => {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([u16(bytes.length), bytes]);
};
const extension = (type: number, ...body: readonly Buffer[]): Buffer =>
  Buffer.concat([u16(type), vector(...body)]);

/** A ClientHello of TLS 1.3 whose answer costs a server its key exchange and its signature (RFC 8446 §4.1.2). */
export function clientHello(serverName: string): Buffer {
  const [x25519, share] = [u16(0x1d), Buffer.alloc(32, 9)];
  const extensions = vector(
    extension(0, vector(Buffer.from([0]), vector(Buffer.from(serverName, "latin1")))),
    extension(10, vector(x25519)),
    extension(13, vector(u16(0x0403), u16(0x0804))),
    extension(43, Buffer.from([2, 3, 4])),
    extension(51, vector(x25519, vector(share))),
  );
  const random = Buffer.alloc(32, 7);
  const body = Buffer.concat([
    ...[u16(0x0303), random, Buffer.from([0]), vector(u16(0x1301)), Buffer.from([1, 0])],
    extensions,
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), vector(body)]);
  return Buffer.concat([Buffer.from([22, 3, 1]), vector(message)]);
}

/** All of them. */
export const CONNECTION_ATTACKS: readonly Attack[] = [
  {
    ...{ id: "C14", name: "connections opened and closed", over: "http1", drops: true },
    ...{ connections: 16, total: 3000 },
    bytes: () => [],
  },
  {
    ...{ id: "C14b", name: "handshakes begun and left", over: "tls" },
    ...{ connections: 500 },
    bytes: () => [clientHello(NAMES.server)],
  },
];
