/** gRPC over plain HTTP/2: the pod's own proxy adds TLS. Calls are counted, and end when the role stops. */

import { type CallHandler, createGrpcHandler, type ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import { Connections } from "#lib/http-io/connections.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { everyAddress } from "#lib/net/every-address.ts";
import { listen } from "#lib/net/listener.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { Admitted, CallGate } from "./call-gate.ts";
import { type GrpcMetrics, isWatch, type MethodMetrics } from "./grpc-metrics.ts";
import type { ListenAddr } from "./role.ts";

/** What proxies ask for takes some hundred bytes, a request for a certificate three or four thousand: token and signing request. */
export const REQUEST_LIMIT_BYTES: number = 64 * 1024;

/** Whoever sends a request does so at once. Anybody may hold back the end of many, also before it is known who they are. */
export const UNFINISHED_LIMIT_BYTES: number = 16 * 1024 * 1024;

/** What a server needs. */
export type GrpcServerOptions = {
  readonly addr: ListenAddr;
  readonly methods: ReadonlyMap<string, CallHandler>;
  readonly metrics: GrpcMetrics;
  readonly gate: CallGate;
  readonly clock: Clock;
  readonly onFault: (error: Error) => void;
};

/** A server that runs. */
export interface GrpcServer {
  readonly port: number;
  /** Takes no more calls, ends the streams with UNAVAILABLE, and settles when the connections are gone. */
  stop(): Promise<void>;
}

/** Listens. Throws where the address is taken. */
export function serveGrpc(options: GrpcServerOptions): GrpcServer {
  const { addr, clock, onFault, metrics, gate } = options;
  const calls = new Set<CountedCall>();
  const connections = new Connections();
  const methods = new Map(
    [...options.methods].map(([path, handler]): [string, CallHandler] => {
      const enter = (identity: string): Admitted =>
        gate.enter(identity, isWatch(path) ? "watch" : "unary");
      const counted = { handler, metrics: metrics.method(path), clock, calls, enter };
      return [path, (call) => new CountedCall(call, counted).start()];
    }),
  );
  const grpc = createGrpcHandler(methods, {
    ...{ clock, onFault },
    ...{ requestBytes: REQUEST_LIMIT_BYTES, unfinishedBytes: UNFINISHED_LIMIT_BYTES },
  });
  const listener = listen(
    { ip: everyAddress(addr.ip), port: addr.port },
    (stream) => {
      const handler = {
        onRequest: grpc.onRequest,
        onConnectionClose: () => connections.delete(connection),
      };
      const connection = serveHttp2(stream, handler, { now: () => clock.now(), clock });
      connections.add(connection);
    },
    onFault,
  );
  const stop = async (): Promise<void> => {
    listener.stop();
    const gone = connections.drain(clock);
    for (const call of [...calls]) call.giveUp();
    await gone;
  };
  return { port: listener.port, stop };
}

type Counted = {
  readonly handler: CallHandler;
  readonly metrics: MethodMetrics;
  readonly clock: Clock;
  readonly calls: Set<CountedCall>;
  readonly enter: (identity: string) => Admitted;
};

/** A call between its handler and the wire. */
class CountedCall implements ServerCall {
  onCancel: () => void = () => undefined;
  onWritable: () => void = () => undefined;
  readonly #inner: ServerCall;
  readonly #counted: Counted;
  readonly #startMs: number;
  #admitted: Admitted | undefined;
  #done = false;

  constructor(inner: ServerCall, counted: Counted) {
    this.#inner = inner;
    this.#counted = counted;
    this.#startMs = counted.clock.now();
    inner.onCancel = () => {
      if (this.#done) return;
      this.#finish(GrpcCode.CANCELLED);
      this.onCancel();
    };
    inner.onWritable = () => this.onWritable();
  }

  start(): void {
    const { handler, metrics, calls, enter } = this.#counted;
    metrics.received();
    calls.add(this);
    try {
      this.#admitted = enter(this.clientId);
      handler(this);
    } catch (error) {
      this.#finish(error instanceof GrpcError ? error.code : GrpcCode.INTERNAL);
      throw error;
    }
  }

  get request(): Uint8Array {
    return this.#inner.request;
  }

  get clientId(): string {
    return this.#inner.clientId;
  }

  get blocked(): boolean {
    return this.#inner.blocked;
  }

  send(framed: Uint8Array): void {
    this.#counted.metrics.sent();
    this.#inner.send(framed);
  }

  end(code: number, message: string): void {
    this.#finish(code);
    this.#inner.end(code, message);
  }

  /** The role stops: the caller goes to another replica. */
  giveUp(): void {
    this.onCancel();
    this.end(GrpcCode.UNAVAILABLE, "controller is stopping");
  }

  #finish(code: number): void {
    if (this.#done) return;
    this.#done = true;
    const { metrics, clock, calls } = this.#counted;
    calls.delete(this);
    this.#admitted?.leave();
    metrics.handled(code, (clock.now() - this.#startMs) / 1000);
  }
}
