/** Networks in CIDR notation, and whether they contain an address. */

import type ipaddr from "ipaddr.js";
import { isIp, isIpv6, parseIp } from "./ip.ts";

/** What stands before the address in an IPv4-mapped one. */
const MAPPED_BITS = 96;

/** A network, parsed once. */
export class Cidr {
  readonly text: string;
  readonly #range: [ipaddr.IPv4 | ipaddr.IPv6, number];

  private constructor(text: string, range: [ipaddr.IPv4 | ipaddr.IPv6, number]) {
    this.text = text;
    this.#range = range;
  }

  /**
   * Parses `a.b.c.d/n`, `x::/n` or a lone address; undefined where the text is neither. One of IPv4-mapped addresses
   * alone becomes a network of IPv4; one of them and others is none.
   */
  static parse(text: string): Cidr | undefined {
    const [, ip = "", digits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    if (!isIp(ip)) return undefined;
    const address = parseIp(ip);
    const isMapped = isIpv6(ip) && address.kind() === "ipv4";
    const width = address.kind() === "ipv4" ? 32 : 128;
    const length = digits === undefined ? width : Number(digits) - (isMapped ? MAPPED_BITS : 0);
    if (length < 0 || length > width) return undefined;
    return new Cidr(`${isMapped ? address.toString() : ip}/${length}`, [address, length]);
  }

  /** Whether the network contains an address; an address of the other family is never contained. */
  contains(ip: string): boolean {
    if (!isIp(ip)) return false;
    const address = parseIp(ip);
    return address.kind() === this.#range[0].kind() && address.match(this.#range);
  }

  /** Whether the network contains the whole of another one; of the other family never. */
  includes(other: Cidr): boolean {
    const [, length] = this.#range;
    const [address, ownLength] = other.#range;
    return (
      address.kind() === this.#range[0].kind() && ownLength >= length && address.match(this.#range)
    );
  }
}

/** Whether any of the networks contains the address. */
export function anyContains(networks: readonly Cidr[], ip: string): boolean {
  return networks.some((network) => network.contains(ip));
}
