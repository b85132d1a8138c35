/** What "every address" is on this machine. */

import { existsSync } from "node:fs";

/** What a kernel with IPv6 has, whether or not an interface has an address of it. */
const IPV6_FILE = "/proc/net/if_inet6";

/** An address to listen on: `::`, which takes both families, is `0.0.0.0` on a kernel without IPv6. */
export function everyAddress(ip: string, ipv6File: string = IPV6_FILE): string {
  return ip === "::" && !existsSync(ipv6File) ? "0.0.0.0" : ip;
}
