/** One endpoint: its connections, its load, and whether it can be used. */

import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import type { ResponseHead } from "#lib/http/message.ts";
import type { ConnectionSource } from "#lib/http-io/exchange.ts";
import { Http1Pool } from "#lib/http-io/http1-pool.ts";
import { Http2Pool } from "#lib/http-io/http2-pool.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import type { ConnectObserver } from "#lib/net/connect.ts";
import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import { type AnswerClass, FailureAccrual } from "../balance/failure-accrual.ts";
import { PeakEwma, ROW } from "../balance/peak-ewma.ts";
import { type PenaltyRule, penaltyOf } from "../balance/penalty.ts";
import type { AccrualRule } from "../policy/accrual-rule.ts";
import type { Endpoint } from "../policy/client-policy.ts";
import { authorityLabel } from "../telemetry/host-series.ts";
import type { HttpScope } from "../telemetry/http-metrics.ts";
import { destinationLabels, serverTlsLabels, targetLabels } from "../telemetry/labels.ts";
import type { OutboundFamilies } from "../telemetry/outbound-families.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import type { Runtime } from "../transport/runtime.ts";
import { EndpointDialer } from "./endpoint-dialer.ts";

/** What an endpoint needs beside itself. */
export interface EndpointOptions {
  readonly runtime: Runtime;
  readonly config: DirectionConfig;
  readonly localIps: ReadonlySet<string>;
  readonly families: Pick<OutboundFamilies, "cost">;
  readonly defaultRttMs: number;
  readonly decayMs: number;
  readonly accrual: AccrualRule | undefined;
  /** What answers cost beside their time. */
  readonly penalty?: PenaltyRule | undefined;
  /** The name of what it is an endpoint of, as discovery was asked for it; undefined: it is alone. */
  readonly authority: string | undefined;
  /** It can be used again after it could not. */
  readonly onReady: () => void;
}

/** An endpoint in use. */
export class EndpointClient {
  /** What it is chosen by. */
  readonly ewma: PeakEwma;
  /** Shuts it after failures; undefined where nobody counts them. */
  readonly accrual: FailureAccrual | undefined;
  readonly scope: HttpScope;
  /** Whether HTTP/1 is carried to it over HTTP/2. */
  readonly carries: boolean;
  /** Whether a proxy of the mesh stands before it. */
  readonly meshed: boolean;
  /** Each once somebody wants it: of thousands of endpoints most are spoken to in one version. */
  #http1: Http1Pool | undefined;
  #http2: Http2Pool | undefined;
  /** What requests for it have to name; undefined: what their clients did. */
  readonly authority: Endpoint["authority"];
  /** There is one while it could not be reached. */
  #backoff: Backoff | undefined;
  readonly #options: EndpointOptions;
  readonly endpoint: Endpoint;
  /** It could not be reached. */
  #down = false;
  #retired = false;
  readonly #inPod: boolean;
  readonly #dialer: EndpointDialer;
  #probe: { cancel(): void } | undefined;
  #shut: { cancel(): void } | undefined;

  constructor(endpoint: Endpoint, options: EndpointOptions) {
    const { runtime, config, families } = options;
    const { clock, random } = runtime;
    this.endpoint = endpoint;
    this.#options = options;
    this.meshed = endpoint.identity !== undefined;
    this.authority = endpoint.authority;
    this.#inPod = options.localIps.has(endpoint.addr.ip);
    this.carries = endpoint.hint === "h2" && this.meshed && !this.#inPod;
    this.ewma = new PeakEwma({
      defaultRttMs: options.defaultRttMs,
      decayMs: options.decayMs,
      nowMs: clock.now(),
    });
    this.accrual =
      options.accrual && new FailureAccrual(options.accrual, { random, nowMs: clock.now() });
    const labels = [
      { direction: "outbound" },
      authorityLabel(options.authority ?? ""),
      targetLabels(endpoint.addr),
      this.tlsLabels,
      destinationLabels(endpoint),
    ];
    this.scope = runtime.http.scope(...labels);
    const tcp = runtime.tcp.scope({ peer: "dst" }, ...labels);
    this.#dialer = new EndpointDialer(endpoint, {
      ...{ runtime, config, inPod: this.#inPod, tcp },
      meter: families.cost.meter(tcp, endpoint.labels["zone_locality"]),
      onFailed: () => this.failed(),
    });
  }

  /** How it is spoken to (LBL1). */
  get tlsLabels(): Labels {
    return serverTlsLabels(this.endpoint, this.#inPod);
  }

  /** The identity that it proves; undefined where it is spoken to without TLS. */
  get provenId(): string | undefined {
    return this.#inPod ? undefined : this.endpoint.identity?.name;
  }

  /** Requests and connections under way. */
  get pending(): number {
    return this.ewma.pending;
  }

  set pending(count: number) {
    this.ewma.pending = count;
  }

  /** Whether requests may be sent to it now. */
  get ready(): boolean {
    return this.ewma.ready;
  }

  /** Takes in the time to a first response byte, and what the response says; without one it would have taken longer. */
  measured(waitedMs: number, head: ResponseHead | undefined): void {
    const { runtime, penalty } = this.#options;
    const nowMs = runtime.clock.now();
    const penaltyMs =
      penalty === undefined || head === undefined
        ? -1
        : penaltyOf(head, penalty, runtime.clock.wall());
    if (head === undefined) this.ewma.penalize(waitedMs, nowMs);
    else if (penaltyMs >= 0) this.ewma.penalize(penaltyMs, nowMs);
    else this.ewma.record(waitedMs, nowMs);
  }

  /** Those of a version. */
  connections(http2: boolean): ConnectionSource {
    if (!http2) return this.#http1 ?? this.#newHttp1Pool();
    return this.#http2 ?? this.#newHttp2Pool();
  }

  #newHttp1Pool(): Http1Pool {
    const { runtime, config } = this.#options;
    const { http1IdleMs: idleMs, maxIdlePerEndpoint: maxIdle } = config;
    this.#http1 = new Http1Pool({
      open: this.#dialer.http1,
      clock: runtime.clock,
      idleMs,
      maxIdle,
    });
    return this.#http1;
  }

  #newHttp2Pool(): Http2Pool {
    this.#http2 = new Http2Pool({ open: this.#dialer.http2, clock: this.#options.runtime.clock });
    return this.#http2;
  }

  /** Opens a connection for opaque bytes. */
  connect(observer: ConnectObserver): void {
    this.#dialer.opaque(observer);
  }

  /** It refused or did not answer: it leaves at once, until it has been reached again. */
  failed(): void {
    if (this.#down) return;
    this.#down = true;
    this.ewma.ready = false;
    this.#reachLater();
  }

  #reachLater(): void {
    if (this.#retired) return;
    const { runtime, config } = this.#options;
    this.#backoff ??= createBackoff({ ...config.backoff, random: runtime.random });
    this.#probe = runtime.clock.after(this.#backoff.next(), () => this.#reach());
  }

  /**
   * Connects without anybody waiting for it: a request that was sent there to find out would hold up all who wait, whose
   * patience begins anew with each endpoint that seems to be usable.
   */
  #reach(): void {
    const told = {
      onOpened: (): void => {
        this.#down = false;
        this.#changed();
      },
      onFailed: (): void => this.#reachLater(),
    };
    const pool = this.#http2 ?? this.#http1;
    if (pool === undefined) this.#dialer.tryOut(told);
    else pool.warmUp(told);
  }

  /** A request goes there; true where it shows whether the endpoint is well again, and no other goes there meanwhile. */
  begin(): boolean {
    this.pending++;
    const isProbe = this.accrual?.begin() === true;
    if (isProbe) this.ewma.ready = false;
    return isProbe;
  }

  /** What a request found there. */
  answered(answer: AnswerClass, isProbe: boolean): void {
    const { clock, log } = this.#options.runtime;
    const { accrual } = this;
    const waitMs = accrual?.answered(answer, { isProbe, nowMs: clock.now() });
    if (waitMs !== undefined) {
      log.info("Endpoint is left alone after failures", {
        endpoint: formatSocketAddr(this.endpoint.addr),
        waitMs: Math.round(waitMs),
      });
      this.#shut = clock.after(waitMs, () => {
        accrual?.waited();
        // Failures take long, or no time at all. It is the probe that says how it is, so the next request is one.
        this.ewma.forget();
        this.#changed();
      });
    }
    if (waitMs !== undefined || isProbe) this.#changed();
  }

  /** A probe found nothing out. */
  abandoned(): void {
    this.accrual?.abandoned();
    this.#changed();
  }

  #changed(): void {
    const ready = !this.#down && this.accrual?.admits !== false;
    this.ewma.ready = ready;
    if (ready) this.#options.onReady();
  }

  /** It answered. */
  succeeded(): void {
    this.#backoff = undefined;
  }

  /** It is no longer in the set: requests under way may end. */
  retire(): void {
    this.#retired = true;
    this.ewma.moveTo(new Float64Array(ROW), 0);
    this.#probe?.cancel();
    this.#shut?.cancel();
    this.#http1?.drain();
    this.#http2?.drain();
  }
}
