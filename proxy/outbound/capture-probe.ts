/** The addresses whose connections come back to us when we are captured: of documentation, which nobody has. Pure. */

import { isIpv6 } from "#lib/addr/ip.ts";
import type { SocketAddr } from "#lib/addr/socket-addr.ts";

/** TEST-NET-1 (RFC 5737); rules of redirection name it. */
export const CAPTURE_PROBE: SocketAddr = { ip: "192.0.2.1", port: 4140 };
/** Its like for pods without IPv4, from which the other one cannot be dialled (RFC 3849). */
export const CAPTURE_PROBE_IPV6: SocketAddr = { ip: "2001:db8::1", port: 4140 };

/** Whether a connection was made to one of them. */
export const isCaptureProbe = ({ ip, port }: SocketAddr): boolean =>
  port === CAPTURE_PROBE.port && (ip === CAPTURE_PROBE.ip || ip === CAPTURE_PROBE_IPV6.ip);

/**
 * Which ones a pod of these addresses tries, any of which proves it: IPv4's, as eBPF redirects it whatever addresses a
 * pod has, and so did agents that know no other; and IPv6's where there is no IPv4 for rules to work on.
 */
export function captureProbes(ips: ReadonlySet<string>): readonly SocketAddr[] {
  const isIpv6Only = ips.size > 0 && [...ips].every(isIpv6);
  return isIpv6Only ? [CAPTURE_PROBE, CAPTURE_PROBE_IPV6] : [CAPTURE_PROBE];
}
