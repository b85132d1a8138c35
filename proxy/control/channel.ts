/** A connection to one service of the control plane: found by name, proved by identity, made again when it breaks. */

import { isIpv6 } from "#lib/addr/ip.ts";
import { callStreaming, callUnary } from "#lib/grpc/client.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { Http2Pool } from "#lib/http-io/http2-pool.ts";
import { CONTROL_KEEP_ALIVE } from "#lib/http-io/patience.ts";
import type { OpenConnection } from "#lib/http-io/pool.ts";
import type { Logger } from "#lib/log/logger.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { connectTls, type TlsCredentials } from "#lib/net/tls.ts";
import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { Watch } from "../policy/discover.ts";
import type { ControlSeries } from "../telemetry/control-metrics.ts";
import { ChannelCounts } from "./channel-counts.ts";
import type { ControlAddr } from "./control-addr.ts";
import { patience, type StreamLimits } from "./stream-limits.ts";

/** What a channel needs. */
export interface ChannelOptions {
  readonly addr: ControlAddr;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly connectTimeoutMs: number;
  readonly backoff: { readonly minMs: number; readonly maxMs: number; readonly jitter: number };
  readonly limits: StreamLimits;
  /** Milliseconds without a connection after which calls fail at once. */
  readonly failfastMs: number;
  /** What is counted. */
  readonly series: ControlSeries;
  readonly resolve: (host: string) => Promise<readonly string[]>;
  /** Credentials as they are when a connection is made; only asked where the service has a name. */
  readonly credentials: () => TlsCredentials | undefined;
}

/** A stream that is opened again until it is cancelled or ends with a code that is final. */
export interface WatchRequest {
  readonly path: string;
  readonly request: Uint8Array;
  /** It is asked for, again too: what comes next is said without regard to what came before. */
  readonly onAsked?: () => void;
  readonly onMessage: (message: Uint8Array) => void;
  /** Codes after which it is not tried again. */
  readonly final: ReadonlySet<number>;
  readonly onFinal?: (code: number) => void;
}

/** A call that is not answered by then has failed, and is made again as whoever made it does. */
const CALL_LIMIT_MS = 10_000;

/** Calls one service. */
export class ControlChannel {
  readonly #options: ChannelOptions;
  readonly #pool: Http2Pool;
  readonly #counts: ChannelCounts;
  #turn = 0;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#counts = new ChannelCounts(options.series, options.clock, options.failfastMs);
    this.#pool = new Http2Pool({
      open: this.#open,
      clock: options.clock,
      line: { capacity: Number.POSITIVE_INFINITY, failfastMs: options.failfastMs },
    });
  }

  /** One request, one response; rejects with GrpcError where the service is away or refuses. */
  async call(path: string, request: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<ClientConnection>();
    const counted = this.#counts.call({
      onConnection: resolve,
      onConnectFailed: (error) => reject(new GrpcError(GrpcCode.UNAVAILABLE, error.message)),
    });
    this.#pool.acquire(counted);
    const connection = await promise;
    const deadline = { clock: this.#options.clock, timeoutMs: CALL_LIMIT_MS };
    const target = { authority: this.#authority, path, deadline };
    return callUnary(connection, target, request).then(
      (answer) => {
        counted.ended({ code: GrpcCode.OK });
        return answer;
      },
      (error: unknown) => {
        counted.ended(error instanceof GrpcError ? error : { code: GrpcCode.UNKNOWN });
        throw error;
      },
    );
  }

  /** Keeps a stream open. */
  watch(what: WatchRequest): Watch {
    const { clock, backoff, random, limits } = this.#options;
    const watching = new Watching(this, what, {
      clock,
      limits,
      backoff: createBackoff({ ...backoff, random }),
    });
    watching.start();
    return watching;
  }

  drain(): void {
    this.#pool.drain();
  }

  /** Opens one stream on a connection of the pool. */
  stream(what: WatchRequest, onEnd: (status: GrpcError) => void): Watch {
    let cancelled = false;
    let call: Watch | undefined;
    const waiter = {
      onConnection: (connection: ClientConnection): void => {
        if (cancelled) return;
        const target = { authority: this.#authority, path: what.path };
        call = callStreaming(connection, target, what.request, {
          onMessage: what.onMessage,
          onEnd: (status) => {
            counted.ended(status);
            onEnd(status);
          },
        });
      },
      onConnectFailed: (error: Error): void => {
        if (!cancelled) onEnd(new GrpcError(GrpcCode.UNAVAILABLE, error.message));
      },
    };
    const counted = this.#counts.call(waiter);
    this.#pool.acquire(counted);
    return {
      cancel: () => {
        cancelled = true;
        this.#pool.cancel(counted);
        counted.cancelled();
        call?.cancel();
      },
    };
  }

  get log(): Logger {
    return this.#options.log;
  }

  get #authority(): string {
    const { host, port } = this.#options.addr;
    return isIpv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  }

  readonly #open: OpenConnection = (observer, done) => {
    const { addr, clock, connectTimeoutMs, credentials, log, resolve } = this.#options;
    const onFault = (error: Error): void =>
      log.error("Control connection failed", { error: String(error) });
    resolve(addr.host).then(
      (ips) => {
        this.#counts.resolved(ips);
        const ip = ips[this.#turn++ % Math.max(1, ips.length)];
        const current = credentials();
        if (ip === undefined || (addr.name !== undefined && current === undefined)) {
          done.onFailed(
            new Error(
              `Cannot connect to ${addr.host}: ${ip === undefined ? "no address" : "no anchors"}`,
            ),
          );
          return;
        }
        const options = { ip, port: addr.port, timeoutMs: connectTimeoutMs, clock, onFault };
        const http2 = { now: () => clock.now(), clock };
        const kept = { ...http2, keepAlive: CONTROL_KEEP_ALIVE };
        if (addr.name === undefined || current === undefined)
          connectTcp(options, {
            onConnected: (stream) => {
              stream.meter = this.#counts.connected();
              done.onOpened(connectHttp2(stream, observer, http2));
            },
            onFailed: done.onFailed,
          });
        else
          connectTls(
            { ...options, credentials: current, serverName: addr.name, alpn: [] },
            {
              onConnected: ({ stream }) => {
                stream.meter = this.#counts.connected();
                done.onOpened(connectHttp2(stream, observer, kept));
              },
              onFailed: done.onFailed,
            },
          );
      },
      (error: unknown) => {
        this.#counts.resolved([]);
        done.onFailed(new Error(`Cannot resolve ${addr.host}: ${String(error)}`));
      },
    );
  };
}

/** One stream, opened again with back-off. */
class Watching implements Watch {
  readonly #channel: ControlChannel;
  readonly #what: WatchRequest;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #limits: StreamLimits;
  #current: Watch | undefined;
  #timer: { cancel(): void } | undefined;
  #startedMs = 0;
  /** Counts the streams, so that the end of none but the last is heard. */
  #generation = 0;
  #cancelled = false;

  constructor(
    channel: ControlChannel,
    what: WatchRequest,
    how: { readonly clock: Clock; readonly backoff: Backoff; readonly limits: StreamLimits },
  ) {
    this.#channel = channel;
    this.#what = what;
    this.#clock = how.clock;
    this.#backoff = how.backoff;
    this.#limits = how.limits;
  }

  start(): void {
    const what = {
      ...this.#what,
      onMessage: (message: Uint8Array): void => {
        if (!this.#cancelled) this.#take(message);
      },
    };
    what.onAsked?.();
    this.#startedMs = this.#clock.now();
    this.#await(false);
    const generation = ++this.#generation;
    this.#current = this.#channel.stream(what, (status) => {
      if (generation === this.#generation) this.#ended(status);
    });
  }

  /** What cannot be read is asked for again, with back-off; other streams of the connection go on. */
  #take(message: Uint8Array): void {
    try {
      this.#await(true);
      this.#what.onMessage(message);
      this.#backoff.reset();
    } catch (error) {
      const { path } = this.#what;
      this.#channel.log.warn("Cannot read control message", { path, error: String(error) });
      this.#current?.cancel();
    }
  }

  /** The next message has to come in time; a stream that has lasted long enough ends too. */
  #await(begun: boolean): void {
    this.#timer?.cancel();
    const ageMs = this.#clock.now() - this.#startedMs;
    const leftMs = patience(this.#limits, { begun, ageMs });
    this.#timer =
      leftMs === undefined ? undefined : this.#clock.after(leftMs, () => this.#expire());
  }

  /** Of what is cancelled its end may be heard or not: from here on nobody listens to it. */
  #expire(): void {
    this.#generation++;
    this.#current?.cancel();
    this.#ended(new GrpcError(GrpcCode.DEADLINE_EXCEEDED, "the stream has taken its time"));
  }

  cancel(): void {
    this.#cancelled = true;
    this.#timer?.cancel();
    this.#current?.cancel();
  }

  #ended(status: GrpcError): void {
    if (this.#cancelled) return;
    this.#timer?.cancel();
    this.#channel.log.debug("Control stream ended", {
      path: this.#what.path,
      code: status.code,
      message: status.message,
    });
    if (this.#what.final.has(status.code)) {
      this.#what.onFinal?.(status.code);
      return;
    }
    this.#timer = this.#clock.after(this.#backoff.next(), () => this.start());
  }
}
