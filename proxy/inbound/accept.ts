/** A connection to this workload: its port's policy, mTLS, what it speaks, and on to the application. */

import { isLoopback } from "#lib/addr/ip.ts";
import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { acceptTls, type TlsSession } from "#lib/net/tls.ts";
import { readClientHello } from "#lib/tls/client-hello.ts";
import type { ClientTls } from "../policy/authorization.ts";
import { clientTlsLabels, serverLabels, targetLabels } from "../telemetry/labels.ts";
import { type Protocol, settleProtocol } from "../transport/detect.ts";
import { FirstBytes } from "../transport/first-bytes.ts";
import { readTransportHeader, TRANSPORT_ALPN, type TransportHeader } from "../transport/header.ts";
import { detectHttp } from "../transport/http-detection.ts";
import { originalDst } from "../transport/original-dst.ts";
import type { InboundAcceptOptions, LocalServer } from "./accept-options.ts";
import type { GatewaySession } from "./gateway.ts";
import { forwardOpaque } from "./opaque.ts";
import type { PortPolicy } from "./ports.ts";
import { type Served, serveInbound } from "./serve.ts";

const NOTHING = new Uint8Array(0);

/** Accepts one connection. */
export function acceptInbound(stream: TcpStream, options: InboundAcceptOptions): void {
  const { runtime, listenPort, askKernel, keepaliveMs } = options;
  const target = originalDst(stream, { listenPort, askKernel });
  // In eBPF mode the hooks show the application its caller, also on the direct path, where the port is our own.
  if (stream.localPort !== listenPort) runtime.redirection.bySockets = true;
  // A pod that lost its eBPF redirection goes on by rules, where showing the caller would fail.
  else if (target !== undefined && target.port !== listenPort)
    runtime.redirection.bySockets = false;
  const shown = runtime.redirection.bySockets && !isLoopback(stream.remoteAddress);
  const direct = target === undefined || target.port === listenPort;
  const addr = target ?? { ip: stream.localAddress, port: listenPort };
  if (keepaliveMs !== undefined) stream.keepAlive(keepaliveMs);
  new InboundConnection(stream, options, { addr, direct, shown }).begin();
}

/** Accepts a connection to a server of this proxy's own, for which policy holds as for an application (P48). */
export function acceptLocal(
  stream: TcpStream,
  options: InboundAcceptOptions & { readonly local: LocalServer },
): void {
  const { keepaliveMs, listenPort } = options;
  if (keepaliveMs !== undefined) stream.keepAlive(keepaliveMs);
  const addr = { ip: stream.localAddress, port: listenPort };
  new InboundConnection(stream, options, { addr, direct: false, shown: false }).begin();
}

class InboundConnection {
  readonly #options: InboundAcceptOptions;
  #stream: TcpStream;
  #target: SocketAddr;
  readonly #direct: boolean;
  readonly #caller: SocketAddr | undefined;
  #port: PortPolicy;
  #tls: ClientTls;
  /** The client has ended its side. */
  #ended = false;
  /** It goes on to another destination, if it may call this port (P28). */
  #session: GatewaySession | undefined;

  constructor(
    stream: TcpStream,
    options: InboundAcceptOptions,
    how: { readonly addr: SocketAddr; readonly direct: boolean; readonly shown: boolean },
  ) {
    this.#stream = stream;
    this.#options = options;
    this.#target = how.addr;
    this.#direct = how.direct;
    this.#caller = how.shown ? { ip: stream.remoteAddress, port: stream.remotePort } : undefined;
    this.#port = options.ports.get(how.addr.port);
    this.#tls = {
      type: "none",
      reason: isLoopback(stream.remoteAddress) ? "loopback" : "no_tls_from_remote",
    };
  }

  begin(): void {
    const { outboundPort, local } = this.#options;
    if (local !== undefined) {
      this.#detectTls();
      return;
    }
    // Who asks from within the pod, as a port-forward does, is shown the certificate, and no more.
    const asks = this.#direct && isLoopback(this.#target.ip);
    if (this.#target.port === outboundPort || (this.#isForeign() && !asks))
      this.#refuse("unexpected");
    else if (this.#port.current.protocol.type === "opaque" && !this.#direct) {
      this.#tls = { type: "none", reason: "port_skipped" };
      this.#forwardOpaque(NOTHING);
    } else this.#detectTls();
  }

  /** Whether the connection was made to an address that is not the pod's. */
  #isForeign(): boolean {
    const { ips } = this.#options;
    return ips.size > 0 && !ips.has(this.#target.ip);
  }

  #detectTls(): void {
    const { runtime, detectTimeoutMs } = this.#options;
    const look = (bytes: Uint8Array): boolean => readClientHello(bytes).type !== "incomplete";
    const { clock, relays } = runtime;
    const how = { clock, timeoutMs: detectTimeoutMs, look, initial: NOTHING, relays };
    new FirstBytes(this.#stream, how, {
      onDecided: (bytes) => this.#onHello(bytes),
      onUndecided: (bytes, why) => {
        this.#ended = why === "end";
        if (this.#ended) this.#onPlain(bytes);
        else this.#refuse("tls detection timeout");
      },
      onClosed: () => undefined,
    });
  }

  #onHello(bytes: Uint8Array): void {
    const hello = readClientHello(bytes);
    if (hello.type !== "tls") {
      this.#onPlain(bytes);
      return;
    }
    const { localName, runtime } = this.#options;
    const credentials = runtime.credentials.current;
    if (hello.sni !== localName || credentials === undefined) {
      this.#tls = { type: "opaque", sni: hello.sni ?? "" };
      if (this.#direct || this.#options.local !== undefined) this.#refuse("unexpected");
      else this.#forwardOpaque(bytes);
      return;
    }
    const how = {
      initial: new Uint8Array(bytes),
      credentials,
      alpn: [TRANSPORT_ALPN],
      onFault: runtime.onFault,
      clock: runtime.clock,
    };
    runtime.relays.undecided++;
    acceptTls(this.#stream, how, {
      onSession: (session) => {
        runtime.relays.undecided--;
        this.#onSession(session);
      },
      onFailed: (error) => {
        runtime.relays.undecided--;
        runtime.errors.tlsRefused.with({ direction: "inbound", reason: error.code }).increment();
        runtime.log.info("Refused a TLS client", {
          reason: error.code,
          cause: String(error.cause),
        });
      },
    });
  }

  #onSession({ stream, alpn, peerName: name }: TlsSession): void {
    this.#stream = stream;
    this.#tls = name === undefined ? { type: "unauthenticated" } : { type: "identity", name };
    if (!this.#direct) {
      this.#detectHttp(NOTHING);
      return;
    }
    if (alpn !== TRANSPORT_ALPN || name === undefined || this.#isForeign())
      this.#refuse("unexpected");
    else this.#readHeader();
  }

  #onPlain(bytes: Uint8Array): void {
    if (this.#direct) this.#refuse("unexpected");
    else this.#detectHttp(bytes);
  }

  /** The direct path: a header says which port is meant (WIRE9, WIRE10). */
  #readHeader(): void {
    const { runtime, detectTimeoutMs } = this.#options;
    const look = (bytes: Uint8Array): boolean => readTransportHeader(bytes).type !== "incomplete";
    const { clock, relays } = runtime;
    const how = { clock, timeoutMs: detectTimeoutMs, look, initial: NOTHING, relays };
    new FirstBytes(this.#stream, how, {
      onDecided: (bytes) => {
        const read = readTransportHeader(bytes);
        if (read.type === "header") this.#onHeader(read.header, read.rest);
        else this.#refuse("unexpected");
      },
      onUndecided: () => this.#refuse("unexpected"),
      onClosed: () => undefined,
    });
  }

  #onHeader(header: TransportHeader, rest: Uint8Array): void {
    const { port, name, sessionProtocol } = header;
    const { listenPort, outboundPort, ports, gateway, counts } = this.#options;
    counts.header(header, this.#tls.type === "identity" ? this.#tls.name : "");
    if (name !== "" || port === listenPort) this.#session = gateway.begin({ name, port });
    else if (port === outboundPort) {
      this.#refuse("unexpected");
      return;
    } else {
      this.#target = { ip: this.#target.ip, port };
      this.#port = ports.get(port);
    }
    if (sessionProtocol === undefined) this.#forwardOpaque(rest);
    else this.#serve(sessionProtocol, rest);
  }

  #detectHttp(initial: Uint8Array): void {
    const { protocol } = this.#port.current;
    const { runtime, detectTimeoutMs, counts, local } = this.#options;
    if (local === undefined && (protocol.type === "opaque" || protocol.type === "tls")) {
      this.#forwardOpaque(initial);
      return;
    }
    const declared = local === undefined ? protocol.type : undefined;
    const timeoutMs = protocol.type === "detect" ? protocol.timeoutMs : detectTimeoutMs;
    const { current, port } = this.#port;
    const detections = protocol.type === "detect" ? counts.detections(current, port) : undefined;
    const { clock, relays } = runtime;
    detectHttp(
      this.#stream,
      { clock, timeoutMs, initial, counts: detections, relays, ended: this.#ended },
      (detected, bytes, ended) => {
        this.#ended = ended;
        this.#serve(settleProtocol(declared, detected), bytes);
      },
    );
  }

  #serve(protocol: Protocol, bytes: Uint8Array): void {
    if (protocol === "opaque") {
      if (this.#options.local === undefined) this.#forwardOpaque(bytes);
      else this.#refuse("unexpected");
      return;
    }
    this.#measure(bytes.length);
    const first = { protocol, bytes, ended: this.#ended };
    serveInbound(this.#stream, first, { ...this.#options, ...this.#served() });
  }

  #served(): Served {
    const caller = this.#session === undefined ? this.#caller : undefined;
    const to = { target: this.#target, port: this.#port, tls: this.#tls };
    return { ...to, caller, session: this.#session };
  }

  #forwardOpaque(initial: Uint8Array): void {
    forwardOpaque(this.#stream, initial, {
      ...{ ...this.#served(), ended: this.#ended },
      ...this.#options,
      onAllowed: () => this.#measure(initial.length),
      onFailed: (error) => this.#refuse(error),
    });
  }

  /** Counts the connection by who made it, once that is known, with what was read by then. */
  #measure(readBytes: number): void {
    const { tcp } = this.#options.runtime;
    const { current, port } = this.#port;
    const labels = [
      targetLabels(this.#target),
      clientTlsLabels(this.#tls),
      serverLabels(current.labels, port),
    ];
    const meter = tcp.scope({ peer: "src", direction: "inbound" }, ...labels);
    meter.opened();
    meter.read(readBytes);
    this.#stream.meter = meter;
  }

  #refuse(error: string): void {
    const { runtime } = this.#options;
    runtime.errors.inboundTcp.with({ ...targetLabels(this.#target), error }).increment();
    this.#stream.destroy();
  }
}
