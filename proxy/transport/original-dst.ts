/** Who the client meant to reach; the proxy's own ports are no destinations. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";

/** What a connection says of itself. */
export interface Accepted {
  readonly localAddress: string;
  readonly localPort: number;
}

/** Asks the kernel for the address before a REDIRECT rule changed it; undefined where none did. */
export type AskKernel<S> = (stream: S) => SocketAddr | undefined;

/**
 * The original destination: the socket's local address where eBPF shows it there, else what the kernel's
 * connection tracking remembers (SO_ORIGINAL_DST). Undefined where the client dialled the listener itself.
 */
export function originalDst<S extends Accepted>(
  stream: S,
  { listenPort, askKernel }: { readonly listenPort: number; readonly askKernel: AskKernel<S> },
): SocketAddr | undefined {
  const { localPort } = stream;
  if (localPort !== listenPort) return { ip: stream.localAddress, port: localPort };
  const original = askKernel(stream);
  return original === undefined ||
    (original.port === listenPort && original.ip === stream.localAddress)
    ? undefined
    : original;
}
