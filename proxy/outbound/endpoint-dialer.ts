/** Opens connections to one endpoint: as many at once as may be, over TLS where it is meshed, and counted. */

import { connectHttp1 } from "#lib/http-io/http1-client.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { MESH_KEEP_ALIVE } from "#lib/http-io/patience.ts";
import type { OpenConnection, WarmUp } from "#lib/http-io/pool.ts";
import type { ConnectObserver } from "#lib/net/connect.ts";
import type { StreamMeter } from "#lib/net/tcp-stream.ts";
import type { Endpoint } from "../policy/client-policy.ts";
import type { TcpScope } from "../telemetry/tcp-metrics.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import { originate } from "../transport/originate.ts";
import type { Runtime } from "../transport/runtime.ts";
import { setUserTimeout } from "../transport/user-timeout.ts";
import { ConnectQueue } from "./connect-queue.ts";

/** Whom it dials, and who hears of it. */
export interface DialerOptions {
  readonly runtime: Runtime;
  readonly config: DirectionConfig;
  /** It is this pod itself: no proxy stands between. */
  readonly inPod: boolean;
  /** Counts its connections. */
  readonly tcp: TcpScope;
  /** Counts their bytes. */
  readonly meter: StreamMeter;
  /** It refused or did not answer, whether or not those who wanted it are still there. */
  readonly onFailed: () => void;
}

/** Dials an endpoint. */
export class EndpointDialer {
  readonly #endpoint: Endpoint;
  readonly #options: DialerOptions;
  readonly #connects = new ConnectQueue();

  constructor(endpoint: Endpoint, options: DialerOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
  }

  /** For requests of HTTP/1. */
  readonly http1: OpenConnection = (observer, done) => {
    const { clock } = this.#options.runtime;
    this.#originate("http1", {
      onConnected: (stream) => done.onOpened(connectHttp1(stream, observer, { clock })),
      onFailed: done.onFailed,
    });
  };

  /** For requests of HTTP/2, and those that are carried so. */
  readonly http2: OpenConnection = (observer, done) => {
    const { runtime, config, inPod } = this.#options;
    const { clock } = runtime;
    const meshed = this.#endpoint.identity !== undefined && !inPod;
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

  /** For opaque bytes. */
  opaque(observer: ConnectObserver): void {
    this.#originate(undefined, observer);
  }

  /** Whether it takes connections, by one that nothing is sent on. */
  tryOut(told: WarmUp): void {
    this.opaque({
      onConnected: (stream) => {
        stream.destroy();
        told.onOpened();
      },
      onFailed: () => told.onFailed(),
    });
  }

  #originate(session: "http1" | "http2" | undefined, observer: ConnectObserver): void {
    this.#connects.add({
      start: () => this.#start(session, observer),
      refused: (error) => observer.onFailed(error),
    });
  }

  #start(session: "http1" | "http2" | undefined, observer: ConnectObserver): void {
    const { runtime, config, inPod, tcp, meter, onFailed } = this.#options;
    const { clock, credentials, onFault, log } = runtime;
    const timeoutMs = config.connectTimeoutMs;
    const options = { timeoutMs, clock, onFault, credentials, session, inPod };
    originate(this.#endpoint, options, {
      onConnected: (stream) => {
        this.#connects.ended(undefined);
        tcp.opened();
        stream.meter = meter;
        if (config.connectKeepaliveMs !== undefined) stream.keepAlive(config.connectKeepaliveMs);
        setUserTimeout(stream, config.connectUserTimeoutMs);
        observer.onConnected(stream);
      },
      onFailed: (error) => {
        const { code: reason, message, cause } = error;
        if (reason === "tls" || reason === "identity")
          runtime.errors.tlsRefused.with({ direction: "outbound", reason }).increment();
        log.debug("Endpoint could not be reached", { error: message, cause: String(cause) });
        onFailed();
        this.#connects.ended(error);
        observer.onFailed(error);
      },
    });
  }
}
