/** SO_ORIGINAL_DST: where a connection was going before a REDIRECT rule sent it to us. */

import { fromBytes } from "#lib/addr/ip.ts";
import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import { getsockopt, LibcBuffer } from "./libc.ts";

const SO_ORIGINAL_DST = 80;
const SOL_IP = 0;
const SOL_IPV6 = 41;
const AF_INET6 = 10;

/** `struct sockaddr_in6`; `sockaddr_in` fits as well. */
const address = new LibcBuffer(28);

/** The original destination; undefined where connection tracking knows none. A mapped address counts as IPv4. */
export function originalDst(fd: number, family: "ipv4" | "ipv6"): SocketAddr | undefined {
  const level = family === "ipv4" ? SOL_IP : SOL_IPV6;
  if (!getsockopt(fd, { level, name: SO_ORIGINAL_DST }, address)) return undefined;
  return readSockaddr(address.bytes);
}

/** Reads a `sockaddr_in` or `sockaddr_in6`. */
export function readSockaddr(bytes: Uint8Array): SocketAddr {
  const port = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  const v6 = (bytes[0] ?? 0) === AF_INET6;
  return { ip: fromBytes(v6 ? bytes.slice(8, 24) : bytes.slice(4, 8)), port };
}
