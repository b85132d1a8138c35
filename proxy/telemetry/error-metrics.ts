/** Errors that the proxy itself raised, and what policy decided (MET9 to MET13). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Family, Registry } from "#lib/metrics/registry.ts";

/** The families of one proxy; series are resolved where an error is made, never per good request. */
export class ErrorMetrics {
  readonly inboundHttp: Family<Counter>;
  readonly inboundTcp: Family<Counter>;
  readonly outboundHttp: Family<Counter>;
  readonly outboundTcp: Family<Counter>;
  readonly httpAllow: Family<Counter>;
  readonly httpDeny: Family<Counter>;
  readonly httpNoRoute: Family<Counter>;
  readonly httpLimited: Family<Counter>;
  readonly tcpAllow: Family<Counter>;
  readonly tcpDeny: Family<Counter>;
  readonly tcpTerminate: Family<Counter>;
  readonly tlsRefused: Family<Counter>;
  readonly http1Refused: Family<Counter>;
  readonly rescued: Counter;
  /** Faults of our own: what they happened in has ended. */
  readonly faults: Counter;

  constructor(registry: Registry) {
    const errors = (name: string): Family<Counter> =>
      registry.counter(`${name}_errors_total`, "The total number of errors that the proxy raised.");
    this.inboundHttp = errors("inbound_http");
    this.inboundTcp = errors("inbound_tcp");
    this.outboundHttp = errors("outbound_http");
    this.outboundTcp = errors("outbound_tcp");
    const authz = (name: string, what: string): Family<Counter> =>
      registry.counter(name, `The total number of inbound ${what}.`);
    this.httpAllow = authz("inbound_http_authz_allow_total", "HTTP requests that were authorized");
    this.httpDeny = authz("inbound_http_authz_deny_total", "HTTP requests that were denied");
    this.httpNoRoute = authz(
      "inbound_http_route_not_found_total",
      "HTTP requests that no route takes",
    );
    this.httpLimited = authz(
      "inbound_http_local_ratelimit_total",
      "HTTP requests that the local rate limit refused",
    );
    this.tcpAllow = authz("inbound_tcp_authz_allow_total", "TCP connections that were authorized");
    this.tcpDeny = authz("inbound_tcp_authz_deny_total", "TCP connections that were denied");
    this.tcpTerminate = authz(
      "inbound_tcp_authz_terminate_total",
      "TCP connections that were ended as a new policy does not allow them",
    );
    this.tlsRefused = registry.counter(
      "bunkerd_tls_handshake_failures_total",
      "TLS handshakes that failed, by direction and reason.",
    );
    this.http1Refused = registry.counter(
      "bunkerd_http1_refused_total",
      "Connections ended because of HTTP/1 that is refused, by direction, kind and the status that answered it.",
    );
    this.faults = registry
      .counter("bunkerd_internal_errors_total", "Faults of this proxy's own, each told in its log.")
      .with({});
    this.rescued = registry
      .counter(
        "bunkerd_outbound_http_not_delivered_total",
        "Requests that an endpoint's proxy could not deliver and that were tried elsewhere.",
      )
      .with({});
  }
}
