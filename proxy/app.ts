/** Builds identity, control clients, inbound, outbound and admin; the only file that sees both directions. */

import { randomBytes } from "node:crypto";
import type { ServerConnection } from "#lib/http-io/exchange.ts";
import { outbox } from "#lib/http-io/outbox.ts";
import { readTrustBundle, type TrustBundle } from "#lib/identity/trust-bundle.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { LogStreams } from "#lib/log/log-streams.ts";
import { createLogger, type Logger } from "#lib/log/logger.ts";
import { Registry } from "#lib/metrics/registry.ts";
import type { Listener } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { checkTlsContract } from "#lib/net/tls-self-test.ts";
import type { AdminSource } from "./admin/server.ts";
import { type AdminPort, startAdmin } from "./admin/start.ts";
import { CaptureProof } from "./capture-proof.ts";
import type { ProxyConfig } from "./config/config.ts";
import type { ControlDiscovery } from "./control/discovery.ts";
import { type ControlPlane, connectControlPlane } from "./control-plane.ts";
import { createGateway } from "./gateway/gateway.ts";
import { CredentialStore } from "./identity/credentials.ts";
import { startBundle } from "./identity/kept-bundle.ts";
import { type WorkloadKey, workloadKey } from "./identity/key.ts";
import { type InboundSide, startInbound } from "./inbound/start.ts";
import { metricsPage } from "./metrics-page.ts";
import { captureProbes } from "./outbound/capture-probe.ts";
import { type OutboundSide, startOutbound } from "./outbound/start.ts";
import type { RunningProxy } from "./running-proxy.ts";
import type { Surroundings } from "./surroundings.ts";
import { startTap } from "./tap/start.ts";
import { Taps } from "./tap/taps.ts";
import { accessWriter } from "./telemetry/access-log.ts";
import { ControlMetrics } from "./telemetry/control-metrics.ts";
import { ErrorMetrics } from "./telemetry/error-metrics.ts";
import { HttpMetrics } from "./telemetry/http-metrics.ts";
import { inboundFamilies } from "./telemetry/inbound-families.ts";
import { outboundFamilies } from "./telemetry/outbound-families.ts";
import { ProcessMetrics } from "./telemetry/process-metrics.ts";
import { TcpMetrics } from "./telemetry/tcp-metrics.ts";
import { traceMetrics } from "./telemetry/trace-metrics.ts";
import { TrustMetrics } from "./telemetry/trust-metrics.ts";
import { startTracing, type Tracing } from "./tracing/start.ts";
import type { DirectionConfig } from "./transport/direction-config.ts";
import { drainConnections } from "./transport/draining.ts";
import { openListeners } from "./transport/listeners.ts";
import { Relays } from "./transport/relay.ts";
import type { Runtime } from "./transport/runtime.ts";

/**
 * Starts a proxy. Rejects where anchors, a listener or the key cannot be had, or TLS of this runtime cannot be trusted. That is
 * tried out while the listeners are open and the certificate is on its way, so that it does not delay readiness.
 */
export async function startProxy(config: ProxyConfig, around: Surroundings): Promise<RunningProxy> {
  const { dir, localName, trustAnchorsPem, trustWatch } = config.identity;
  const given = readTrustBundle(trustAnchorsPem);
  const [key, bundle] = await Promise.all([
    workloadKey(dir, localName),
    trustWatch ? startBundle(dir, given) : given,
  ]);
  const app = new ProxyApp(config, around, { key, given, bundle });
  await app.trustTls();
  return app;
}

/** What a proxy finds in its pod: a key, the anchors of the environment, and those that it starts with. */
interface Found {
  readonly key: WorkloadKey;
  readonly given: TrustBundle;
  readonly bundle: TrustBundle;
}

class ProxyApp implements RunningProxy {
  readonly #config: ProxyConfig;
  readonly #around: Surroundings;
  readonly #filter = new LogFilter();
  readonly #streams = new LogStreams();
  readonly #log: Logger;
  readonly #registry = new Registry();
  readonly #credentials: CredentialStore;
  readonly #runtime: Runtime;
  readonly #metricsPage: () => string;
  readonly #proof: CaptureProof;
  readonly #connections = new Set<ServerConnection>();
  readonly #listeners: Listener[] = [];
  readonly #admin: AdminPort;
  readonly #stops: (() => void)[] = [];
  readonly inboundPort: number;
  readonly outboundPort: number;
  readonly tapPort: number | undefined;
  readonly #taps: Taps;
  readonly #tracing: Tracing | undefined;
  readonly #drained = Promise.withResolvers<void>();
  #isDraining = false;
  #tlsTrusted = false;

  constructor(config: ProxyConfig, around: Surroundings, { key, given, bundle }: Found) {
    this.#config = config;
    this.#around = around;
    this.#credentials = new CredentialStore(bundle);
    this.#filter.set(config.log.filter);
    const { random, write, version } = around;
    const clock = outbox.clock(around.clock);
    this.#log = createLogger({
      ...{ filter: this.#filter, streams: this.#streams, format: config.log.format },
      ...{ wall: () => clock.wall(), write },
    });
    const errors = new ErrorMetrics(this.#registry);
    const onFault = (error: Error): void => {
      errors.faults.increment();
      this.#log.error("Internal error", { error: error.stack ?? String(error) });
    };
    around.onUncaught?.(onFault);
    const process = new ProcessMetrics(this.#registry, { version, workers: config.workers });
    const retainIdleMs = config.metricsRetainIdleMs;
    this.#metricsPage = metricsPage(this.#registry, { process, around, retainIdleMs });
    this.#runtime = {
      ...{ clock, random, onFault, log: this.#log, errors },
      credentials: this.#credentials,
      http: new HttpMetrics(this.#registry),
      tcp: new TcpMetrics(this.#registry),
      redirection: { bySockets: false },
      relays: new Relays(),
    };
    this.#proof = new CaptureProof({
      ...{ clock, onFault, nonce: () => randomBytes(16) },
      ...{ probes: captureProbes(config.inbound.ips), intervalMs: config.captureProofIntervalMs },
    });
    this.#taps = new Taps(clock);
    const control = connectControlPlane(config, {
      around,
      key,
      given,
      log: this.#log,
      credentials: this.#credentials,
      process,
      trust: new TrustMetrics(this.#registry),
      control: new ControlMetrics(this.#registry),
    });
    this.#stops.push(control.stop);
    this.#tracing = this.#startTracing(control.collector);
    const { discovery } = control;
    const outbound = this.#startOutbound(discovery);
    this.outboundPort = outbound.port;
    const inbound = this.#startInbound(discovery, outbound);
    this.inboundPort = inbound.port;
    this.#admin = this.#startAdmin(inbound);
    this.tapPort = this.#startTap();
    if (config.captureProof) this.#proof.start();
    this.#log.info("Started", {
      inbound: this.inboundPort,
      outbound: this.outboundPort,
      admin: this.#admin.port,
    });
  }

  get ready(): boolean {
    const captured = !this.#config.captureProof || this.#proof.proved;
    const certified = this.#credentials.current !== undefined && this.#tlsTrusted;
    return certified && captured && !this.#isDraining;
  }

  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  get adminPort(): number {
    return this.#admin.port;
  }

  drain(): Promise<void> {
    if (!this.#isDraining) {
      this.#isDraining = true;
      this.#drained.resolve(this.#drain());
    }
    return this.drained;
  }

  async #drain(): Promise<void> {
    const { relays } = this.#runtime;
    this.#log.info("Draining", { connections: this.#connections.size + relays.size });
    for (const listener of this.#listeners) listener.stop();
    const { clock } = this.#around;
    const graceMs = this.#config.shutdownGraceMs;
    await drainConnections(this.#connections, { clock, graceMs, relays });
    await this.#close();
  }

  /** Tries the TLS door out (ready only after that); where it fails all is closed. Rejects with TlsContractError. */
  async trustTls(): Promise<void> {
    const { clock, checkTls = checkTlsContract } = this.#around;
    try {
      await checkTls(clock);
      this.#tlsTrusted = true;
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  async #close(): Promise<void> {
    for (const listener of this.#listeners) listener.stop();
    for (const connection of [...this.#connections]) connection.destroy();
    for (const stop of this.#stops) stop();
    this.#proof.stop();
    await this.#admin.stop();
  }

  #startOutbound(discovery: ControlDiscovery): OutboundSide {
    const { outbound, inbound, informationalHeaders, ingressMode, profileSuffixes } = this.#config;
    return startOutbound({
      ...{ runtime: this.#runtime, config: outbound, discovery, connections: this.#connections },
      localIps: inbound.ips,
      families: outboundFamilies(this.#registry),
      informational: informationalHeaders,
      ingress: ingressMode ? profileSuffixes : undefined,
      lookers: { taps: this.#taps, tracer: this.#tracing?.outbound },
      askKernel: this.#around.askKernel,
      onCaptured: (probe) => this.#proof.arrived(probe),
      listen: (of, accept) => this.#listen(of, accept),
    });
  }

  #startInbound(discovery: ControlDiscovery, outbound: OutboundSide): InboundSide {
    const { inbound, clusterNetworks, adminListen, identity, accessLog } = this.#config;
    const { profileSuffixes, profileInitialMs } = this.#config;
    const { localName } = identity;
    const { gatewaySuffixes: suffixes } = inbound;
    const [{ port: own = 0 } = {}] = inbound.listen;
    const { askKernel, isListenedOn, listenedPorts, random, write } = this.#around;
    const side = startInbound({
      ...{ runtime: this.#runtime, config: inbound, discovery, connections: this.#connections },
      ...{ askKernel, isListenedOn, listenedPorts, clusterNetworks },
      outboundPort: this.outboundPort,
      ...{ localName, gateway: createGateway({ ...outbound, localName, suffixes, random }) },
      families: inboundFamilies(this.#registry),
      profiles: { suffixes: profileSuffixes, initialMs: profileInitialMs },
      declared: [...inbound.ports, adminListen.port, ...(suffixes.length > 0 ? [own] : [])],
      access: accessWriter(accessLog, write),
      lookers: { taps: this.#taps, tracer: this.#tracing?.inbound },
      listen: (of, accept) => this.#listen(of, accept),
    });
    this.#stops.push(() => side.stop());
    return side;
  }

  #listen(
    { listen, backlog }: DirectionConfig,
    accept: (stream: TcpStream, port: number) => void,
  ): number {
    const { log, onFault } = this.#runtime;
    const { listeners, port } = openListeners(listen, { accept, onFault, log, backlog });
    this.#listeners.push(...listeners);
    return port;
  }

  #startTracing(collector: ControlPlane["collector"]): Tracing | undefined {
    const { trace } = this.#config;
    if (trace === undefined || collector === undefined) return undefined;
    const { clock, random, log } = this.#runtime;
    const tracing = startTracing({
      ...{ ...trace, clock, random, log, metrics: traceMetrics(this.#registry), pid: process.pid },
      call: (path, request) => collector.call(path, request),
    });
    this.#stops.push(tracing.stop);
    return tracing;
  }

  #startTap(): number | undefined {
    const { tap, identity, inbound } = this.#config;
    if (tap === undefined) return undefined;
    const { port, stop } = startTap(tap.listen, {
      ...{ runtime: this.#runtime, taps: this.#taps, serverHttp2: inbound.serverHttp2 },
      ...{ localName: identity.localName, clientName: tap.clientName },
    });
    this.#stops.push(stop);
    return port;
  }

  #startAdmin(inbound: InboundSide): AdminPort {
    const { adminListen, shutdownEndpoint } = this.#config;
    const app = this;
    const source: AdminSource = {
      get ready() {
        return app.ready;
      },
      metrics: this.#metricsPage,
      variables: this.#around.variables,
      get logFilter() {
        return app.#filter.text;
      },
      setLogFilter: (filter) => this.#filter.set(filter),
      streams: this.#streams,
      shutdown: shutdownEndpoint ? () => void this.drain() : undefined,
    };
    return startAdmin(adminListen, { runtime: this.#runtime, inbound, source });
  }
}
