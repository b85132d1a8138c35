/** IPv4 and IPv6 addresses as canonical text, parsed once at the edge. */

import ipaddr from "ipaddr.js";

/** Whether text is an address: of IPv4 four decimal numbers, not what C also reads (`10.1`, `0x0a.0.0.1`, `010.0.0.1`). */
export function isIp(text: string): boolean {
  return isIpv6(text) ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text);
}

/** The canonical text of an address; undefined if it is none. An IPv4-mapped IPv6 address becomes IPv4. */
export function normalizeIp(text: string): string | undefined {
  if (!isIp(text)) return undefined;
  return parseIp(text).toString();
}

/** Whether text is an IPv6 address (a colon tells; it must be an address already). */
export function isIpv6(ip: string): boolean {
  return ip.includes(":");
}

/** An address family, as Kubernetes names it. */
export type IpFamily = "IPv4" | "IPv6";

/** The family of an address or a network. */
export const familyOf = (ip: string): IpFamily => (isIpv6(ip) ? "IPv6" : "IPv4");

/** Whether an address, mapped ones included, is loopback: 127/8 or ::1. */
export function isLoopback(ip: string): boolean {
  return ip.startsWith("127.") || ip === "::1" || ip.startsWith("::ffff:127.");
}

/** The 4 or 16 bytes of an address in network order. Throws RangeError where the text is no address. */
export function toBytes(ip: string): Uint8Array {
  if (!isIp(ip)) throw new RangeError(`Cannot read address ${ip}: it is neither IPv4 nor IPv6`);
  return Uint8Array.from(parseIp(ip).toByteArray());
}

/** The canonical text of 4 or 16 bytes in network order. */
export function fromBytes(bytes: Uint8Array): string {
  return parseIp(ipaddr.fromByteArray([...bytes]).toString()).toString();
}

/** Parses an address; an IPv4-mapped IPv6 address becomes IPv4. The text must be an address. */
export function parseIp(text: string): ipaddr.IPv4 | ipaddr.IPv6 {
  const parsed = ipaddr.parse(text);
  return parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress()
    ? parsed.toIPv4Address()
    : parsed;
}
