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
    return new ZoneMeter(scope, bytes("Recv"), bytes("Send"));
  }
}

/** Counts for a connection and for its zone. It has the counters themselves: each step to them may be out of the cache. */
class ZoneMeter implements StreamMeter {
  readonly #read: Counter;
  readonly #written: Counter;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #scope: TcpScope;

  constructor(scope: TcpScope, received: Counter, sent: Counter) {
    this.#read = scope.bytesRead;
    this.#written = scope.bytesWritten;
    this.#received = received;
    this.#sent = sent;
    this.#scope = scope;
  }

  read(bytes: number): void {
    this.#read.value += bytes;
    this.#received.value += bytes;
  }

  wrote(bytes: number): void {
    this.#written.value += bytes;
    this.#sent.value += bytes;
  }

  closed(errno: string): void {
    this.#scope.closed(errno);
  }
}
