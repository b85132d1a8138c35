/** An address and a port. */

import { isIpv6, normalizeIp } from "./ip.ts";

/** An address and a port, the address in canonical text. */
export interface SocketAddr {
  readonly ip: string;
  readonly port: number;
}

/** `ip:port`, IPv6 in brackets. */
export function formatSocketAddr({ ip, port }: SocketAddr): string {
  return isIpv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** Parses `ip:port` or `[ip]:port`; undefined where the text is neither. Ports are 0 to 65535. */
export function parseSocketAddr(text: string): SocketAddr | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const ip = normalizeIp(match?.[1] ?? match?.[2] ?? "");
  const port = Number(match?.[3]);
  return ip === undefined || port > 0xffff ? undefined : { ip, port };
}
