/** A connection of the application: who it is for, what it speaks, and on to the endpoint. */

import { isLoopback } from "#lib/addr/ip.ts";
import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { ServerStream } from "#lib/http-io/exchange.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { readClientHello } from "#lib/tls/client-hello.ts";
import { Forwarded } from "../http/forwarded.ts";
import { targetLabels } from "../telemetry/labels.ts";
import { type Protocol, settleProtocol } from "../transport/detect.ts";
import { FirstBytes } from "../transport/first-bytes.ts";
import { detectHttp } from "../transport/http-detection.ts";
import { type AskKernel, originalDst } from "../transport/original-dst.ts";
import { isCaptureProbe } from "./capture-probe.ts";
import type { Destination, Destinations } from "./discover.ts";
import { acceptIngress, type IngressOptions } from "./ingress.ts";
import { forwardOpaque, refuseConnection } from "./opaque.ts";
import { OutboundRoute } from "./outbound-route.ts";
import type { ResolvedPolicy } from "./resolved.ts";
import { meterClient, type ServeOptions, serveOutbound } from "./serve.ts";
import type { OutboundDirection } from "./stack.ts";

const NOTHING = new Uint8Array(0);

/** What accepting needs. */
export interface OutboundAcceptOptions extends ServeOptions {
  readonly destinations: Destinations;
  readonly direction: OutboundDirection;
  readonly askKernel: AskKernel<TcpStream>;
  readonly listenPort: number;
  readonly keepaliveMs: number | undefined;
  /** Requests say where they go (P27); undefined: connections do. */
  readonly ingress: IngressOptions | undefined;
  /** Our own probe came back: outbound traffic of this pod is captured. */
  readonly onCaptured: (stream: TcpStream) => void;
}

/** Accepts one connection. */
export function acceptOutbound(stream: TcpStream, options: OutboundAcceptOptions): void {
  const { runtime, destinations, askKernel, listenPort, ingress } = options;
  const original = originalDst(stream, { listenPort, askKernel });
  // Where eBPF shows the destination, the probe's looks like our own port on another address.
  const target = original ?? { ip: stream.localAddress, port: stream.localPort };
  // Every pod sees one at start where it proves its capture; later ones say the same.
  const bySocket = original === undefined || stream.localPort !== listenPort;
  if (bySocket && !isLoopback(target.ip)) runtime.redirection.bySockets = true;
  if (isCaptureProbe(target)) {
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
  if (options.keepaliveMs !== undefined) stream.keepAlive(options.keepaliveMs);
  if (ingress !== undefined) {
    acceptIngress(stream, { ...options, ...ingress, target });
    return;
  }
  const destination = destinations.acquire(target);
  let stopWaiting: () => void = () => undefined;
  meterClient(stream, destination.clients, () => {
    stopWaiting();
    destinations.release(destination);
  });
  const accepted = new OutboundConnection(stream, { ...options, destination, target });
  if (destination.policy === undefined) stream.pause();
  stopWaiting = destination.whenKnown(() => accepted.begin());
}

class OutboundConnection {
  readonly #stream: TcpStream;
  readonly #options: OutboundAcceptOptions & { readonly destination: Destination };
  readonly #target: Labels;
  #ended = false;

  constructor(
    stream: TcpStream,
    options: OutboundAcceptOptions & {
      readonly destination: Destination;
      readonly target: SocketAddr;
    },
  ) {
    this.#stream = stream;
    this.#options = options;
    this.#target = targetLabels(options.target);
  }

  /** The policy is known: look at the first bytes, or do not where policy says what they are. */
  begin(): void {
    if (this.#stream.isClosed) return;
    this.#stream.resume();
    const { policy } = this.#options.destination;
    policy?.connections.increment();
    switch (policy?.type) {
      case "detect":
      case "http1":
      case "http2":
      case "grpc":
      case "invalid":
        this.#detect(policy);
        break;
      case "tls":
        this.#detectName(policy.timeoutMs);
        break;
      case "opaque":
        this.#forwardOpaque(NOTHING, "");
        break;
      case "unknown":
      case undefined:
        this.#refuse("invalid_policy");
    }
  }

  #detect({ timeoutMs, detections }: ResolvedPolicy): void {
    const { clock, relays } = this.#options.runtime;
    const how = { clock, timeoutMs, initial: NOTHING, counts: detections, relays };
    detectHttp(this.#stream, how, (protocol, bytes, ended) => {
      this.#ended = ended;
      this.#serve(protocol, bytes);
    });
  }

  /** TLS that is routed by the name that it asks for; without a name it takes what holds for all. */
  #detectName(timeoutMs: number): void {
    const { clock, relays } = this.#options.runtime;
    const look = (bytes: Uint8Array): boolean => readClientHello(bytes).type !== "incomplete";
    new FirstBytes(
      this.#stream,
      { clock, timeoutMs, look, initial: NOTHING, relays },
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
    const { destination, direction } = this.#options;
    const protocol = settleProtocol(destination.policy?.type, detected);
    if (protocol === "opaque") {
      this.#forwardOpaque(bytes, "");
      return;
    }
    const first = { protocol, bytes, ended: this.#ended };
    const client = this.#stream;
    const onRequest = (request: ServerStream): void => {
      new Forwarded(request, direction, new OutboundRoute(destination, client)).begin();
    };
    serveOutbound(this.#stream, first, { ...this.#options, onRequest });
  }

  #forwardOpaque(bytes: Uint8Array, name: string): void {
    const { runtime, destination } = this.#options;
    const start = { bytes, name, ended: this.#ended };
    forwardOpaque(this.#stream, destination.policy, { runtime, target: this.#target, start });
  }

  #refuse(error: string): void {
    const { runtime } = this.#options;
    refuseConnection(this.#stream, error, { runtime, target: this.#target });
  }
}
