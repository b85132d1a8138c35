/** What inbound and outbound are told alike. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { Http2Grants } from "#lib/http2/http2-options.ts";
import type { KeepAliveLimits } from "#lib/http2/keep-alive.ts";
import type { DefaultQueue } from "../policy/client-policy.ts";

/** How long one direction waits and how much it takes; milliseconds throughout. */
export interface DirectionConfig {
  readonly listen: readonly SocketAddr[];
  /** Connections that may wait to be accepted; the runtime's own number where not said. */
  readonly backlog: number | undefined;
  readonly detectTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly backoff: { readonly minMs: number; readonly maxMs: number; readonly jitter: number };
  readonly acceptKeepaliveMs: number | undefined;
  readonly connectKeepaliveMs: number | undefined;
  /** How long what was sent may stay unacknowledged before the connection is given up (TCP_USER_TIMEOUT). */
  readonly acceptUserTimeoutMs: number | undefined;
  readonly connectUserTimeoutMs: number | undefined;
  /** What servers of HTTP/2 grant, and how they see whether a silent client is still there. */
  readonly serverHttp2: Http2Grants & { readonly keepAlive: KeepAliveLimits };
  /** What clients of HTTP/2 grant. */
  readonly clientHttp2: Http2Grants;
  readonly discoveryIdleMs: number;
  readonly http1IdleMs: number;
  readonly maxIdlePerEndpoint: number;
  readonly maxInFlight: number;
  /** Of requests that wait for a connection, where policy does not say it. */
  readonly httpQueue: DefaultQueue;
}
