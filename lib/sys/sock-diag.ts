/** Who listens on TCP ports of this thread's network namespace, asked by netlink (sock_diag(7), linux/inet_diag.h). */

import { close, LibcBuffer, receiveNow, SysError, send, socket } from "./libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_SOCK_DIAG = 4;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const NLM_F_DUMP = 0x300;
const HEADER_BYTES = 16;

/** AF_INET and AF_INET6: who listens on all IPv6 addresses mostly takes IPv4 connections too. */
const FAMILIES = [2, 10];
const IPPROTO_TCP = 6;
const TCP_LISTEN = 10;
/** struct inet_diag_req_v2, and struct inet_diag_msg, of which the port and the uid are read. */
const REQUEST_BYTES = 56;
const MESSAGE_BYTES = 72;
const MESSAGE_UID = 64;
/** The states that are asked for, and the port: after the family, the protocol and two bytes that stay 0. */
const REQUEST_STATES = HEADER_BYTES + 4;
const REQUEST_PORT = HEADER_BYTES + 8;

/** The kernel makes no part of an answer longer. */
const PART_BYTES = 32_768;
const PART = new LibcBuffer(PART_BYTES);

/** Somebody who listens. */
export interface Listener {
  readonly port: number;
  readonly uid: number;
}

/**
 * All who listen, or those on one port, on any address. The kernel walks through those who listen alone, where its
 * tables in /proc have it walk through the connections of the whole node too. Throws where it does not tell.
 */
export function listenersByNetlink(port = 0): Listener[] {
  // A socket stays in the namespace it was made in, so each question has its own.
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  try {
    return FAMILIES.flatMap((family) => {
      send(fd, listenRequest(family, port));
      return receiveAll(fd);
    });
  } finally {
    close(fd);
  }
}

/** The question for those who listen on a port; on any where it is 0. */
export function listenRequest(family: number, port: number): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(HEADER_BYTES + REQUEST_BYTES));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, true);
  bytes[HEADER_BYTES] = family;
  bytes[HEADER_BYTES + 1] = IPPROTO_TCP;
  view.setUint32(REQUEST_STATES, 1 << TCP_LISTEN, true);
  view.setUint16(REQUEST_PORT, port);
  return bytes;
}

/** The kernel makes a part of the answer whenever one is taken, so there is never one to wait for. */
function receiveAll(fd: number): Listener[] {
  const found: Listener[] = [];
  for (;;) {
    const length = receiveNow(fd, PART);
    if (length > PART_BYTES) throw new Error(`Cannot read listeners: a part of ${length} bytes`);
    if (readPart(PART.bytes.subarray(0, length), found)) return found;
  }
}

/** Adds who is in a part of an answer; whether it is the last one. Throws what the kernel refuses. */
export function readPart(part: Uint8Array, found: Listener[]): boolean {
  const view = new DataView(part.buffer, part.byteOffset, part.length);
  let at = 0;
  while (at < part.length) {
    const length = at + HEADER_BYTES <= part.length ? view.getUint32(at, true) : 0;
    if (length < HEADER_BYTES || at + length > part.length)
      throw new Error("Cannot read listeners: a message is cut off");
    const type = view.getUint16(at + 4, true);
    const body = new DataView(
      view.buffer,
      view.byteOffset + at + HEADER_BYTES,
      length - HEADER_BYTES,
    );
    if (type === NLMSG_ERROR || type === NLMSG_DONE) {
      refuse(body);
      return true;
    }
    if (type === SOCK_DIAG_BY_FAMILY && body.byteLength >= MESSAGE_BYTES)
      found.push({ port: body.getUint16(4), uid: body.getUint32(MESSAGE_UID, true) });
    // Messages begin at multiples of four.
    at += (length + 3) & ~3;
  }
  return false;
}

/** An error, and the end of an answer too, begin with errno, negated. */
function refuse(body: DataView): void {
  const errno = body.byteLength < 4 ? 0 : -body.getInt32(0, true);
  if (errno > 0) throw new SysError("ask who listens", errno);
}
