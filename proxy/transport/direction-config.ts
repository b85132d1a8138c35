/** What inbound and outbound are told alike. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { KeepAliveLimits } from "#lib/http2/keep-alive.ts";

/** How long one direction waits and how much it takes; milliseconds throughout. */
export interface DirectionConfig {
  readonly listen: readonly SocketAddr[];
  readonly detectTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly backoff: { readonly minMs: number; readonly maxMs: number; readonly jitter: number };
  readonly acceptKeepaliveMs: number | undefined;
  readonly connectKeepaliveMs: number | undefined;
  /** How long what was sent may stay unacknowledged before the connection is given up (TCP_USER_TIMEOUT). */
  readonly acceptUserTimeoutMs: number | undefined;
  readonly connectUserTimeoutMs: number | undefined;
  /** How servers of HTTP/2 see whether a silent client is still there. */
  readonly serverKeepAlive: KeepAliveLimits;
  readonly discoveryIdleMs: number;
  readonly http1IdleMs: number;
  readonly maxIdlePerEndpoint: number;
  readonly maxInFlight: number;
}
