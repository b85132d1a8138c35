/** Networks in CIDR notation, and whether they contain an address. */

import ipaddr from "ipaddr.js";
import { parseIp } from "./ip.ts";

/** A network, parsed once. */
export class Cidr {
  readonly text: string;
  readonly #range: [ipaddr.IPv4 | ipaddr.IPv6, number];

  private constructor(text: string, range: [ipaddr.IPv4 | ipaddr.IPv6, number]) {
    this.text = text;
    this.#range = range;
  }

  /** Parses `a.b.c.d/n`, `x::/n` or a lone address; undefined where the text is neither. */
  static parse(text: string): Cidr | undefined {
    const full = text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`;
    return ipaddr.isValidCIDR(full) ? new Cidr(full, ipaddr.parseCIDR(full)) : undefined;
  }

  /** Whether the network contains an address; an address of the other family is never contained. */
  contains(ip: string): boolean {
    if (!ipaddr.isValid(ip)) return false;
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
