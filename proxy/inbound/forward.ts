/** Connections to the application, which sees its caller's address where the kernel lets it. */

import { formatSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import type { ClientConnection, ClientObserver, ConnectionSource } from "#lib/http-io/exchange.ts";
import { connectHttp1 } from "#lib/http-io/http1-client.ts";
import { Http1Pool } from "#lib/http-io/http1-pool.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { Http2Pool } from "#lib/http-io/http2-pool.ts";
import type { OpenConnection, Pool, PoolOptions } from "#lib/http-io/pool.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { type ConnectObserver, connectTcp } from "#lib/net/connect.ts";
import type { TcpScope } from "../telemetry/tcp-metrics.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import type { Runtime } from "../transport/runtime.ts";
import { setUserTimeout } from "../transport/user-timeout.ts";
import type { Listening } from "./listening.ts";

/** Gives connections to those who wait, until it is drained. */
export type AppPool = ConnectionSource & Pick<Pool, "drain">;

/** The pools towards one port of the application, for one caller or for all. */
export interface AppPools {
  readonly http1: AppPool;
  readonly http2: AppPool;
}

/** Connects to the application. */
export class Applications {
  readonly #runtime: Runtime;
  readonly #config: DirectionConfig;
  readonly #tcp: TcpScope;
  readonly #listening: Listening;
  readonly #shared = new Map<string, AppPools>();

  /** `listening` hears of each connection to the application that has ended or was refused. */
  constructor(runtime: Runtime, config: DirectionConfig, listening: Listening) {
    this.#runtime = runtime;
    this.#config = config;
    this.#listening = listening;
    const tls = { tls: "no_identity", no_tls_reason: "loopback" };
    this.#tcp = runtime.tcp.scope({ peer: "dst", direction: "inbound", ...tls });
  }

  /** Pools of a caller that is shown to the application; its connection drains them. */
  forCaller(target: SocketAddr, caller: SocketAddr): AppPools {
    return this.#create(target, caller);
  }

  /** Pools that all callers share. */
  shared(target: SocketAddr): AppPools {
    const key = formatSocketAddr(target);
    let pools = this.#shared.get(key);
    if (pools === undefined) {
      pools = this.#create(target, undefined);
      this.#shared.set(key, pools);
    }
    return pools;
  }

  /** Opens a connection for opaque bytes, or for a pool. */
  connect(target: SocketAddr, caller: SocketAddr | undefined, observer: ConnectObserver): void {
    const { clock, onFault } = this.#runtime;
    const { connectTimeoutMs, connectKeepaliveMs, connectUserTimeoutMs } = this.#config;
    const options = { ...target, timeoutMs: connectTimeoutMs, clock, onFault };
    connectTcp(caller === undefined ? options : { ...options, local: caller }, {
      onConnected: (stream) => {
        this.#tcp.opened();
        stream.meter = this.#tcp;
        if (connectKeepaliveMs !== undefined) stream.keepAlive(connectKeepaliveMs);
        setUserTimeout(stream, connectUserTimeoutMs);
        observer.onConnected(stream);
      },
      onFailed: observer.onFailed.bind(observer),
    });
  }

  #create(target: SocketAddr, caller: SocketAddr | undefined): AppPools {
    const { clock } = this.#runtime;
    const { http1IdleMs, maxIdlePerEndpoint, clientHttp2, httpQueue } = this.#config;
    const line = { capacity: httpQueue.queueCapacity, failfastMs: httpQueue.failfastMs };
    const opening =
      (
        connect: (stream: ByteStream, observer: ClientObserver) => ClientConnection,
      ): OpenConnection =>
      (observer, done) =>
        this.connect(target, caller, {
          onConnected: (stream) => done.onOpened(connect(stream, observer)),
          onFailed: done.onFailed,
        });
    const onEnded = (): void => this.#listening.onAppEnded(target.port);
    const common: Omit<PoolOptions, "open"> = { clock, onEnded, line };
    return {
      http1: new Http1Pool({
        ...{ ...common, idleMs: http1IdleMs, maxIdle: maxIdlePerEndpoint },
        open: opening((stream, observer) =>
          connectHttp1(stream, observer, { clock, abrupt: true }),
        ),
      }),
      http2: new Http2Pool({
        ...common,
        open: opening((stream, observer) =>
          connectHttp2(stream, observer, { now: () => clock.now(), clock, ...clientHttp2 }),
        ),
      }),
    };
  }
}
