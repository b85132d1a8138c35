/** Connections that outbound routes as bytes or as TLS (MET36, MET37), and as what they were configured (MET38). */

import type { Counter } from "#lib/metrics/counter.ts";
import { type Family, formatLabels, type Labels, type Registry } from "#lib/metrics/registry.ts";

/** Why a connection was closed; empty where both sides have ended it. */
const ERRORS = ["", "forbidden", "invalid_backend", "invalid_policy", "unexpected"] as const;
export type TransportError = (typeof ERRORS)[number];

/** The families of one kind of route. */
export class TransportMetrics {
  readonly #opens: Family<Counter>;
  readonly #closes: Family<Counter>;

  constructor(registry: Registry, kind: "tcp" | "tls") {
    const family = (name: string, help: string): Family<Counter> =>
      registry.counter(`outbound_${kind}_route_${name}_total`, help);
    this.#opens = family("open", "The number of connections opened.");
    this.#closes = family("close", "The number of connections closed.");
  }

  /** The series of a route: all that there may be, from the start. */
  of(...labels: readonly Labels[]): TransportSeries {
    const text = labels.map(formatLabels).join(",");
    const closed = (error: TransportError): Counter =>
      this.#closes.withText(`${text},error="${error}"`);
    return {
      opened: this.#opens.withText(text),
      closed: Object.fromEntries(ERRORS.map((error) => [error, closed(error)])) as Readonly<
        Record<TransportError, Counter>
      >,
    };
  }
}

/** Connections of one route. */
export interface TransportSeries {
  readonly opened: Counter;
  readonly closed: Readonly<Record<TransportError, Counter>>;
}

/** What MET38 calls each kind of policy; one that cannot be used is looked at as if it were not there. */
const PROTOCOLS = {
  detect: "detect",
  http1: "http/1",
  http2: "http/2",
  grpc: "http/2",
  opaque: "opaq",
  tls: "tls",
  invalid: "detect",
  unknown: "detect",
} as const;

/** Connections by what policy says of them. */
export class ProtocolMetrics {
  readonly #connections: Family<Counter>;

  constructor(registry: Registry) {
    this.#connections = registry.counter(
      "outbound_tcp_protocol_connections_total",
      "Outbound TCP connections by protocol configuration.",
    );
  }

  /** The series of one parent. */
  of(type: keyof typeof PROTOCOLS, parent: Labels): Counter {
    return this.#connections.with({ protocol: PROTOCOLS[type], ...parent });
  }
}
