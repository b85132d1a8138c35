/** Keys and values of the maps of bpf/maps.h as bytes. A test compares every offset with that file. */

import { isIpv6, toBytes } from "#lib/addr/ip.ts";

/** Which way traffic goes. */
export type Direction = "outbound" | "inbound";

/** Ports that are left alone, both ends included, 1 to 65535. */
export interface PortRange {
  readonly direction: Direction;
  readonly from: number;
  readonly to: number;
}

/** A network that is left alone: destinations outbound, sources inbound. */
export interface SkippedNetwork {
  readonly direction: Direction;
  readonly ip: string;
  readonly prefix: number;
}

/** What the kernel programs know of a pod. */
export interface PodConfig {
  readonly uid: number;
  readonly outboundPort: number;
  readonly inboundPort: number;
  readonly slot: number;
  /** The pod's addresses, which its own processes are shown as the source. */
  readonly ip4?: string;
  readonly ip6?: string;
}

/** Sizes and offsets, bytes; the names are those of maps.h. */
export const LAYOUT = {
  pod_cfg: { size: 48, proxy_uid: 0, out_port: 4, in_port: 6, slot: 12, ip4: 24, ip6: 28 },
  port_key: { size: 16, plen: 0, netns: 4, dir: 12, port: 14 },
  cidr_key: { size: 28, plen: 0, slot: 4, dir: 8, fam: 9, a: 12 },
  tuple: { size: 48 },
} as const;

const NETNS_BITS = 64;
/** Bits of a port key before the port: the cookie, the direction and a byte of nothing. */
const PORT_AT_BITS = NETNS_BITS + 16;
/** Bits of a network key before the address: slot, direction, family and two bytes of nothing. */
const ADDRESS_AT_BITS = 64;

const dir = (direction: Direction): number => (direction === "inbound" ? 1 : 0);

/** The key of a pod: its netns cookie. */
export function podKey(cookie: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, cookie, true);
  return bytes;
}

/** The cookie in a pod's key. */
export function readCookie(bytes: Uint8Array, at = 0): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);
}

/** `struct pod_cfg`. */
export function podConfig(pod: PodConfig): Uint8Array {
  const at = LAYOUT.pod_cfg;
  const bytes = new Uint8Array(at.size);
  const view = new DataView(bytes.buffer);
  view.setUint32(at.proxy_uid, pod.uid, true);
  view.setUint16(at.out_port, pod.outboundPort, true);
  view.setUint16(at.in_port, pod.inboundPort, true);
  view.setUint32(at.slot, pod.slot, true);
  if (pod.ip4 !== undefined) bytes.set(toBytes(pod.ip4), at.ip4);
  if (pod.ip6 !== undefined) bytes.set(toBytes(pod.ip6), at.ip6);
  return bytes;
}

/** The slot in a pod's configuration. */
export function readSlot(config: Uint8Array): number {
  return new DataView(config.buffer, config.byteOffset).getUint32(LAYOUT.pod_cfg.slot, true);
}

/** The keys of a range of ports: the fewest prefixes that cover it, at most 30. */
export function portKeys(cookie: bigint, { direction, from, to }: PortRange): Uint8Array[] {
  const at = LAYOUT.port_key;
  return prefixes(from, to).map(({ port, bits }) => {
    const bytes = new Uint8Array(at.size);
    const view = new DataView(bytes.buffer);
    view.setUint32(at.plen, PORT_AT_BITS + bits, true);
    view.setBigUint64(at.netns, cookie, true);
    bytes[at.dir] = dir(direction);
    view.setUint16(at.port, port);
    return bytes;
  });
}

/** The key of a skipped network of a slot. */
export function networkKey(slot: number, network: SkippedNetwork): Uint8Array {
  const at = LAYOUT.cidr_key;
  const bytes = new Uint8Array(at.size);
  const view = new DataView(bytes.buffer);
  view.setUint32(at.plen, ADDRESS_AT_BITS + network.prefix, true);
  view.setUint32(at.slot, slot, true);
  bytes[at.dir] = dir(network.direction);
  bytes[at.fam] = isIpv6(network.ip) ? 6 : 4;
  bytes.set(toBytes(network.ip), at.a);
  return bytes;
}

function prefixes(from: number, to: number): { port: number; bits: number }[] {
  const found: { port: number; bits: number }[] = [];
  let port = from;
  while (port <= to) {
    let bits = 16;
    while (bits > 0) {
      const size = 1 << (17 - bits);
      if (port % size !== 0 || port + size - 1 > to) break;
      bits--;
    }
    found.push({ port, bits });
    port += 1 << (16 - bits);
  }
  return found;
}
