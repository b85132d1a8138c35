/** Bytes by whether they stay in the zone, which is what they cost (MET40). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Family, Registry } from "#lib/metrics/registry.ts";
import type { StreamMeter } from "#lib/net/tcp-stream.ts";
import type { TcpScope } from "./tcp-metrics.ts";

const LOCALITIES: Readonly<Record<string, string>> = { local: "Local", remote: "Remote" };

/** The family of one proxy. */
export class CostMetrics {
  readonly #bytes: Family<Counter>;

  constructor(registry: Registry) {
    this.#bytes = registry.counter(
      "outbound_tcp_transfer_cost_bytes_total",
      "The total amount of data transferred in and out of this proxy, by cost zone.",
      "bytes",
    );
  }

  /** The meter of connections to an endpoint, which counts what `scope` does too; `locality` is what discovery says (`local`, `remote`). */
  meter(scope: TcpScope, locality: string | undefined): StreamMeter {
    const zone = LOCALITIES[locality ?? ""] ?? "Unknown";
    const bytes = (op: "Send" | "Recv"): Counter => this.#bytes.with({ op, zone_locality: zone });
    return {
      read: new Twice(scope.read, bytes("Recv")),
      written: new Twice(scope.written, bytes("Send")),
      closed: (errno) => scope.closed(errno),
    };
  }
}

/** Counts for both. */
class Twice {
  readonly #one: Counter;
  readonly #other: Counter;

  constructor(one: Counter, other: Counter) {
    this.#one = one;
    this.#other = other;
  }

  add(amount: number): void {
    this.#one.value += amount;
    this.#other.value += amount;
  }
}
