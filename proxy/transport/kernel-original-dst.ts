/** SO_ORIGINAL_DST of a stream, for the tier that redirects with nft or iptables. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { originalDst } from "#lib/sys/original-dst.ts";

/** Asks the kernel; undefined where no rule redirected the connection. */
export function kernelOriginalDst(stream: TcpStream): SocketAddr | undefined {
  return originalDst(stream.fd, stream.localAddress.includes(":") ? "ipv6" : "ipv4");
}
