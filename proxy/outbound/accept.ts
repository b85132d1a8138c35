/** A connection of the application: who it is for, what it speaks, and on to the endpoint. */

import { isLoopback } from "#lib/addr/ip.ts";
import { formatSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { ServerConnection, ServerStream } from "#lib/http-io/exchange.ts";
import { serveHttp1 } from "#lib/http-io/http1-server.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import type { Http1Error } from "#lib/http1/http1-error.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { readClientHello } from "#lib/tls/client-hello.ts";
import { Forwarded } from "../http/forwarded.ts";
import { recordRefusal } from "../http/refusal.ts";
import { findRoute } from "../policy/route-match.ts";
import { targetLabels } from "../telemetry/labels.ts";
import { detectProtocol, type Protocol, settleProtocol } from "../transport/detect.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import { FirstBytes } from "../transport/first-bytes.ts";
import { type AskKernel, originalDst } from "../transport/original-dst.ts";
import { Relay } from "../transport/relay.ts";
import type { Runtime } from "../transport/runtime.ts";
import type { Balancer, EndpointWaiter } from "./balancer.ts";
import type { Destination, Destinations } from "./discover.ts";
import { pickBackend } from "./logical.ts";
import { type OutboundDirection, OutboundRoute } from "./stack.ts";

/** The address whose connections come back to us when we are captured (TEST-NET-1, port 4140). */
export const CAPTURE_PROBE: SocketAddr = { ip: "192.0.2.1", port: 4140 };

const NOTHING = new Uint8Array(0);

/** What routes of TLS look at beside a name: nothing. */
const NO_HEAD = { method: "", path: "", headers: new HeaderList() };

/** What accepting needs. */
export interface OutboundAcceptOptions {
  readonly runtime: Runtime;
  readonly destinations: Destinations;
  readonly direction: OutboundDirection;
  readonly askKernel: AskKernel<TcpStream>;
  readonly listenPort: number;
  readonly keepaliveMs: number | undefined;
  readonly serverHttp2: DirectionConfig["serverHttp2"];
  /** Connections that are served, so that they can be drained. */
  readonly connections: Set<ServerConnection>;
  /** Our own probe came back: outbound traffic of this pod is captured. */
  readonly onCaptured: (stream: TcpStream) => void;
}

/** Accepts one connection. */
export function acceptOutbound(stream: TcpStream, options: OutboundAcceptOptions): void {
  const { runtime, destinations, askKernel, listenPort } = options;
  const original = originalDst(stream, { listenPort, askKernel });
  // Where eBPF shows the destination, the probe's looks like our own port on another address.
  const target = original ?? { ip: stream.localAddress, port: stream.localPort };
  // Every pod sees one at start where it proves its capture; later ones say the same.
  const bySocket = original === undefined || stream.localPort !== listenPort;
  if (bySocket && !isLoopback(target.ip)) runtime.redirection.bySockets = true;
  if (target.ip === CAPTURE_PROBE.ip && target.port === CAPTURE_PROBE.port) {
    options.onCaptured(stream);
    return;
  }
  if (target.port === listenPort) {
    runtime.errors.outboundTcp.with({ ...targetLabels(target), error: "unexpected" }).increment();
    runtime.log.warn("Refused a connection to the proxy's own port", {
      client: stream.remoteAddress,
    });
    stream.destroy();
    return;
  }
  const destination = destinations.acquire(target);
  const accepted = new OutboundConnection(stream, { ...options, target, destination });
  if (destination.policy === undefined) stream.pause();
  destination.whenKnown(() => accepted.begin());
}

class OutboundConnection implements EndpointWaiter {
  readonly #stream: TcpStream;
  readonly #options: OutboundAcceptOptions & {
    readonly target: SocketAddr;
    readonly destination: Destination;
  };
  #closed = false;
  #initial: Uint8Array = NOTHING;
  #ended = false;
  #balancer: Balancer | undefined;

  constructor(
    stream: TcpStream,
    options: OutboundAcceptOptions & { target: SocketAddr; destination: Destination },
  ) {
    this.#stream = stream;
    this.#options = options;
    const { keepaliveMs } = options;
    const meter = options.destination.clients;
    meter.opened();
    stream.meter = {
      read: meter.read,
      written: meter.written,
      closed: (errno) => {
        meter.closed(errno);
        this.#release();
      },
    };
    if (keepaliveMs !== undefined) stream.keepAlive(keepaliveMs);
  }

  /** The policy is known: look at the first bytes, or do not where policy says what they are. */
  begin(): void {
    if (this.#closed) return;
    this.#stream.resume();
    const { policy } = this.#options.destination;
    switch (policy?.type) {
      case "detect":
      case "http1":
      case "http2":
      case "grpc":
      case "invalid":
        this.#detect(policy.timeoutMs);
        break;
      case "tls":
        this.#detectName(policy.timeoutMs);
        break;
      case "opaque":
        this.#forwardOpaque(NOTHING, "");
        break;
      case undefined:
        this.#refuse("invalid_policy");
    }
  }

  onEndpoints(): void {
    if (!this.#closed) this.#connect();
  }

  onFailfast(): void {
    this.#refuse("failfast");
  }

  #detect(timeoutMs: number): void {
    const { clock } = this.#options.runtime;
    const look = (bytes: Uint8Array): boolean => detectProtocol(bytes) !== undefined;
    new FirstBytes(
      this.#stream,
      { clock, timeoutMs, look, initial: NOTHING },
      {
        onDecided: (bytes) => this.#serve(detectProtocol(bytes), bytes),
        onUndecided: (bytes, why) => {
          this.#ended = why === "end";
          if (why === "end" && bytes.length === 0) this.#stream.end();
          else this.#serve(undefined, bytes);
        },
        onClosed: () => undefined,
      },
    );
  }

  /** TLS that is routed by the name that it asks for; without a name it takes what holds for all. */
  #detectName(timeoutMs: number): void {
    const { clock } = this.#options.runtime;
    const look = (bytes: Uint8Array): boolean => readClientHello(bytes).type !== "incomplete";
    new FirstBytes(
      this.#stream,
      { clock, timeoutMs, look, initial: NOTHING },
      {
        onDecided: (bytes) => {
          const hello = readClientHello(bytes);
          if (hello.type === "tls") this.#forwardOpaque(bytes, hello.sni ?? "");
          else this.#refuse("unexpected");
        },
        onUndecided: () => this.#refuse("unexpected"),
        onClosed: () => undefined,
      },
    );
  }

  #serve(detected: Protocol | undefined, bytes: Uint8Array): void {
    const protocol = settleProtocol(this.#options.destination.policy?.type, detected);
    if (protocol === "opaque") {
      this.#forwardOpaque(bytes, "");
      return;
    }
    const { connections, destination, direction, runtime } = this.#options;
    const handler = {
      onRequest: (request: ServerStream): void => {
        new Forwarded(request, direction, new OutboundRoute(destination)).begin();
      },
      onRefused: (error: Http1Error): void =>
        recordRefusal(runtime, error, {
          direction: "outbound",
          client: this.#stream.remoteAddress,
        }),
      onConnectionClose: (): void => {
        connections.delete(connection);
      },
    };
    const connection =
      protocol === "http2"
        ? serveHttp2(this.#stream, handler, {
            now: () => runtime.clock.now(),
            clock: runtime.clock,
            ...this.#options.serverHttp2,
          })
        : serveHttp1(this.#stream, handler, { clock: runtime.clock });
    connections.add(connection);
    connection.onData(bytes);
    if (this.#ended) connection.onEnd();
  }

  /** Bytes that are no HTTP: to one endpoint, both ways. */
  #forwardOpaque(initial: Uint8Array, name: string): void {
    const { destination, runtime } = this.#options;
    const { policy } = destination;
    if (policy === undefined || policy.type === "invalid") {
      this.#refuse("invalid_policy");
      return;
    }
    const rule = findRoute(policy.opaque, { ...NO_HEAD, authority: name })?.target;
    const backend = rule && pickBackend(rule, runtime.random);
    const refusal = rule?.refusal ?? backend?.refusal;
    this.#balancer = backend?.balancer;
    this.#initial = new Uint8Array(initial);
    if (rule === undefined) this.#refuse("unexpected");
    else if (refusal !== undefined) this.#refuse(refusal);
    else if (this.#balancer === undefined) this.#refuse("invalid_backend");
    else this.#connect();
  }

  #connect(): void {
    const endpoint = this.#balancer?.pick();
    if (endpoint === undefined) {
      this.#stream.pause();
      if (this.#balancer?.wait(this) !== "waiting") this.#refuse("failfast");
      return;
    }
    this.#stream.pause();
    endpoint.pending++;
    endpoint.connect({
      onConnected: (upstream) => {
        endpoint.succeeded();
        if (this.#closed) {
          endpoint.pending--;
          upstream.destroy();
          return;
        }
        new Relay(this.#stream, upstream, () => {
          endpoint.pending--;
        });
        if (this.#initial.length > 0) upstream.write(this.#initial);
        if (this.#ended) upstream.end();
        this.#stream.resume();
      },
      onFailed: () => {
        endpoint.pending--;
        endpoint.failed();
        if (!this.#closed) this.#connect();
      },
    });
  }

  #refuse(error: string): void {
    if (this.#closed) return;
    const { runtime, target } = this.#options;
    runtime.errors.outboundTcp.with({ ...targetLabels(target), error }).increment();
    runtime.log.debug("Refused a connection", { target: formatSocketAddr(target), error });
    this.#stream.destroy();
  }

  #release(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.destinations.release(this.#options.destination, this.#options.target);
  }
}
