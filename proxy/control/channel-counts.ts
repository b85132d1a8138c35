/** What is counted of a channel: its calls, who waits for its connection, and where that may go. */

import { GrpcCode, type GrpcError } from "#lib/grpc/status.ts";
import type { ClientConnection, ConnectionWaiter } from "#lib/http-io/exchange.ts";
import { LineError } from "#lib/http-io/waiting-line.ts";
import type { StreamMeter } from "#lib/net/tcp-stream.ts";
import type { Clock } from "#lib/time/clock.ts";
import { isFailure } from "../http/classify.ts";
import type { ControlSeries } from "../telemetry/control-metrics.ts";
import { NO_ANSWER, outcomeOf } from "../telemetry/http-metrics.ts";

/** Counts for one channel. */
export class ChannelCounts {
  readonly #series: ControlSeries;
  readonly #clock: Clock;
  readonly #failfastMs: number;
  #known = "";
  #connections = 0;
  #shut = false;

  constructor(series: ControlSeries, clock: Clock, failfastMs: number) {
    this.#series = series;
    this.#clock = clock;
    this.#failfastMs = failfastMs;
    series.balancer.opens(clock.wall(), failfastMs);
  }

  /** The name was looked up. */
  resolved(ips: readonly string[]): void {
    (ips.length === 0 ? this.#series.notFound : this.#series.resolved).increment();
    const known = [...ips].sort().join(" ");
    if (known !== this.#known) this.#series.balancer.updated("Reset");
    this.#known = known;
    this.#tell();
  }

  /** There is a connection; its meter, which hears of its end. */
  connected(): StreamMeter {
    this.#connections++;
    if (this.#shut) this.#series.balancer.opens(this.#clock.wall(), this.#failfastMs);
    this.#shut = false;
    this.#tell();
    return {
      read: () => undefined,
      wrote: () => undefined,
      closed: () => {
        this.#connections--;
        this.#tell();
      },
    };
  }

  /** A call begins, by waiting for a connection. */
  call(waiter: ConnectionWaiter): CountedCall {
    this.#series.calls.requests.increment();
    this.#series.balancer.entered();
    this.#series.balancer.waits();
    return new CountedCall(this, this.#clock.now(), waiter);
  }

  /** A call has its connection, or will get none. */
  left(call: CountedCall, error: Error | undefined): void {
    const { balancer, calls } = this.#series;
    const ms = this.#clock.now() - call.startedMs;
    balancer.woken();
    balancer.left(ms);
    if (error === undefined) return;
    calls.end(NO_ANSWER, ms);
    const gaveUp = error instanceof LineError && error.code === "failfast";
    if (!gaveUp || this.#shut) return;
    this.#shut = true;
    balancer.shuts(this.#clock.wall());
  }

  /** Its answer has ended. */
  ended(call: CountedCall, { code }: Pick<GrpcError, "code">): void {
    const latencyMs = this.#clock.now() - call.startedMs;
    // What we call off is nobody's failure.
    const failed = code !== GrpcCode.CANCELLED && isFailure(200, code);
    this.#series.calls.end(outcomeOf({ status: 200, grpcStatus: code, failed }), latencyMs);
  }

  /** A connection goes to one of the addresses: as long as there is one, all are as good. */
  #tell(): void {
    const known = this.#known === "" ? 0 : this.#known.split(" ").length;
    this.#series.balancer.holds(known, this.#connections > 0 ? known : 0);
  }
}

/** One call. */
export class CountedCall implements ConnectionWaiter {
  readonly startedMs: number;
  readonly #counts: ChannelCounts;
  readonly #waiter: ConnectionWaiter;
  #waits = true;

  constructor(counts: ChannelCounts, startedMs: number, waiter: ConnectionWaiter) {
    this.#counts = counts;
    this.startedMs = startedMs;
    this.#waiter = waiter;
  }

  onConnection(connection: ClientConnection): void {
    this.#left(undefined);
    this.#waiter.onConnection(connection);
  }

  onConnectFailed(error: Error): void {
    this.#left(error);
    this.#waiter.onConnectFailed(error);
  }

  /** It does not wait any longer. */
  cancelled(): void {
    this.#left(undefined);
  }

  /** Its answer has ended. */
  ended(status: Pick<GrpcError, "code">): void {
    this.#counts.ended(this, status);
  }

  #left(error: Error | undefined): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#counts.left(this, error);
  }
}
