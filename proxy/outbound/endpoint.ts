/** One endpoint: its connections, its load, and whether it can be used. */

import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import type { ResponseHead } from "#lib/http/message.ts";
import type { ConnectionSource } from "#lib/http-io/exchange.ts";
import { connectHttp1 } from "#lib/http-io/http1-client.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { MESH_KEEP_ALIVE } from "#lib/http-io/patience.ts";
import { type OpenConnection, Pool } from "#lib/http-io/pool.ts";
import type { Counter } from "#lib/metrics/counter.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import type { ConnectObserver } from "#lib/net/connect.ts";
import type { StreamMeter } from "#lib/net/tcp-stream.ts";
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
import type { TcpScope } from "../telemetry/tcp-metrics.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import { originate } from "../transport/originate.ts";
import type { Runtime } from "../transport/runtime.ts";
import { setUserTimeout } from "../transport/user-timeout.ts";
import { ConnectQueue } from "./connect-queue.ts";

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
  readonly #http1: Pool;
  readonly #http2: Pool;
  /** What requests for it have to name; undefined: what their clients did. */
  readonly authority: Endpoint["authority"];
  /** There is one while it could not be reached. */
  #backoff: Backoff | undefined;
  readonly #options: EndpointOptions;
  readonly endpoint: Endpoint;
  /** It could not be reached. */
  #down = false;
  readonly #tcp: TcpScope;
  readonly #meter: StreamMeter;
  readonly #inPod: boolean;
  readonly #connects = new ConnectQueue();
  #probe: { cancel(): void } | undefined;
  #shut: { cancel(): void } | undefined;

  constructor(endpoint: Endpoint, options: EndpointOptions) {
    const { runtime, config } = options;
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
    this.#tcp = runtime.tcp.scope({ peer: "dst" }, ...labels);
    this.#meter = options.families.cost.meter(this.#tcp, endpoint.labels["zone_locality"]);
    const pool = (version: "HTTP/1.1" | "HTTP/2", open: OpenConnection): Pool =>
      new Pool({
        version,
        open,
        clock,
        idleMs: config.http1IdleMs,
        maxIdle: config.maxIdlePerEndpoint,
      });
    this.#http1 = pool("HTTP/1.1", this.#openHttp1);
    this.#http2 = pool("HTTP/2", this.#openHttp2);
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
    return http2 ? this.#http2 : this.#http1;
  }

  /** Opens a connection for opaque bytes. */
  connect(observer: ConnectObserver): void {
    this.#originate(undefined, observer);
  }

  /** It refused or did not answer: it leaves at once and is tried again after a while. */
  failed(): void {
    if (this.#down) return;
    this.#down = true;
    this.ewma.ready = false;
    const { runtime, config } = this.#options;
    this.#backoff ??= createBackoff({ ...config.backoff, random: runtime.random });
    this.#probe = runtime.clock.after(this.#backoff.next(), () => {
      this.#down = false;
      this.#changed();
    });
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
    this.ewma.moveTo(new Float64Array(ROW), 0);
    this.#probe?.cancel();
    this.#shut?.cancel();
    this.#http1.drain();
    this.#http2.drain();
  }

  readonly #openHttp1: OpenConnection = (observer, done) =>
    this.#originate("http1", {
      onConnected: (stream) =>
        done.onOpened(connectHttp1(stream, observer, { clock: this.#options.runtime.clock })),
      onFailed: done.onFailed,
    });

  readonly #openHttp2: OpenConnection = (observer, done) => {
    const { runtime, config } = this.#options;
    const { clock } = runtime;
    const meshed = this.meshed && !this.#inPod;
    this.#originate("http2", {
      onConnected: (stream) =>
        done.onOpened(
          connectHttp2(stream, observer, {
            now: () => clock.now(),
            clock,
            ...config.clientHttp2,
            // Only a proxy is asked every second; an application's server may take that for an attack.
            ...(meshed && { keepAlive: MESH_KEEP_ALIVE }),
          }),
        ),
      onFailed: done.onFailed,
    });
  };

  #originate(session: "http1" | "http2" | undefined, observer: ConnectObserver): void {
    this.#connects.add({
      start: () => this.#start(session, observer),
      refused: (error) => observer.onFailed(error),
    });
  }

  #start(session: "http1" | "http2" | undefined, observer: ConnectObserver): void {
    const { runtime, config } = this.#options;
    const { clock, credentials, onFault } = runtime;
    const options = {
      timeoutMs: config.connectTimeoutMs,
      clock,
      onFault,
      credentials,
      session,
      inPod: this.#inPod,
    };
    originate(this.endpoint, options, {
      onConnected: (stream) => {
        this.#connects.ended(undefined);
        this.#tcp.opened();
        stream.meter = this.#meter;
        if (config.connectKeepaliveMs !== undefined) stream.keepAlive(config.connectKeepaliveMs);
        setUserTimeout(stream, config.connectUserTimeoutMs);
        observer.onConnected(stream);
      },
      onFailed: (error) => {
        if (error.code === "tls" || error.code === "identity")
          this.#tlsFailures(error.code).increment();
        runtime.log.debug("Endpoint could not be reached", {
          error: error.message,
          cause: String(error.cause),
        });
        // Whether or not those who wanted it are still there.
        this.failed();
        this.#connects.ended(error);
        observer.onFailed(error);
      },
    });
  }

  #tlsFailures(reason: string): Counter {
    return this.#options.runtime.errors.tlsRefused.with({ direction: "outbound", reason });
  }
}
