/** The clients of the control plane, and the certificate and anchors that they need. */

import type { TrustBundle } from "#lib/identity/trust-bundle.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import { resolveHost } from "#lib/net/dns.ts";
import type { TlsCredentials } from "#lib/net/tls.ts";
import { createBackoff } from "#lib/time/backoff.ts";
import type { ProxyConfig } from "./config/config.ts";
import { certify } from "./control/certify.ts";
import { ControlChannel } from "./control/channel.ts";
import type { ControlAddr } from "./control/control-addr.ts";
import { ControlDiscovery } from "./control/discovery.ts";
import { ENDLESS } from "./control/stream-limits.ts";
import { watchTrust } from "./control/trust.ts";
import type { CredentialStore } from "./identity/credentials.ts";
import { keepBundle } from "./identity/kept-bundle.ts";
import type { WorkloadKey } from "./identity/key.ts";
import { Renewal } from "./identity/renew.ts";
import type { Watch } from "./policy/discover.ts";
import type { Surroundings } from "./surroundings.ts";
import type { ControlClient, ControlMetrics } from "./telemetry/control-metrics.ts";
import type { ProcessMetrics } from "./telemetry/process-metrics.ts";
import type { TrustMetrics } from "./telemetry/trust-metrics.ts";

/**
 * A certificate that the newest anchors do not vouch for is renewed within this time, at a random moment: all proxies
 * learn of the anchors at once.
 */
export const ORPHAN_SPREAD_MS = 5000;

/** Linkerd's patience with connections to the policy controller, and to services in this pod. */
const POLICY_FAILFAST_MS = 10_000;
const IN_POD_FAILFAST_MS = 1000;

/** What the clients need. */
export interface ControlPlaneOptions {
  readonly around: Surroundings;
  readonly key: WorkloadKey;
  /** The anchors of the environment. */
  readonly given: TrustBundle;
  readonly log: Logger;
  readonly credentials: CredentialStore;
  readonly process: ProcessMetrics;
  readonly trust: TrustMetrics;
  readonly control: ControlMetrics;
}

/** What is asked of it. */
export interface ControlPlane {
  readonly discovery: ControlDiscovery;
  /** Where spans go, where they go somewhere. */
  readonly collector: ControlChannel | undefined;
  readonly stop: () => void;
}

/** Starts to ask for a certificate, and gives the discovery that is asked once there is one. */
export function connectControlPlane(
  config: ProxyConfig,
  options: ControlPlaneOptions,
): ControlPlane {
  const { identity, destination, policy, outbound, streams, profileNetworks } = config;
  const { clock, random } = options.around;
  const { connectTimeoutMs, backoff } = outbound;
  const { credentials, log } = options;
  const channels: ControlChannel[] = [];
  const channel = (
    client: ControlClient,
    addr: ControlAddr,
    current: () => TlsCredentials | undefined,
    failfastMs: number = outbound.httpQueue.failfastMs,
  ): ControlChannel => {
    const shared = { clock, random, log, connectTimeoutMs, backoff, resolve: resolveHost };
    // A service without a name is in this pod: it ends with the pod, and nothing comes between.
    const inPod = addr.name === undefined;
    const made = new ControlChannel({
      ...{ ...shared, addr, credentials: current },
      series: options.control.of(client, controlLabels(addr)),
      limits: inPod ? ENDLESS : streams,
      failfastMs: inPod ? IN_POD_FAILFAST_MS : failfastMs,
    });
    channels.push(made);
    return made;
  };
  const certifier = channel("identity", identity, () => credentials.forRenewal(clock.wall()));
  const discovery = new ControlDiscovery({
    destination: channel("destination", destination, () => credentials.current),
    policy: channel("policy", policy, () => credentials.current, POLICY_FAILFAST_MS),
    context: destination.context,
    workload: policy.workload,
    detectTimeoutMs: outbound.detectTimeoutMs,
    profileNetworks,
    profileSuffixes: config.profileSuffixes,
    httpQueue: outbound.httpQueue,
    tcpQueue: outbound.tcpQueue,
    ingress: config.ingressMode,
  });
  const renewal = renew(config, certifier, options);
  const stopTrust = identity.trustWatch
    ? followTrust(config, options, { channel: certifier, renewal })
    : undefined;
  options.trust.holds(credentials.bundle);
  const collector =
    config.trace && channel("trace_collector", config.trace.collector, () => credentials.current);
  const stop = (): void => {
    renewal.stop();
    stopTrust?.();
    for (const each of channels) each.drain();
  };
  return { discovery, collector, stop };
}

/** Where a service is, and how it proves itself (MET7). */
function controlLabels({ host, port, name }: ControlAddr): Labels {
  const tls =
    name === undefined
      ? { tls: "no_identity", no_tls_reason: "loopback" }
      : { tls: "true", server_id: name };
  return { addr: `${host}:${port}`, ...tls };
}

function renew(
  { identity }: ProxyConfig,
  channel: ControlChannel,
  options: ControlPlaneOptions,
): Renewal {
  const { around, key, log, credentials, process, trust } = options;
  const { clock, random, readFile } = around;
  const { localName, minRefreshMs, maxRefreshMs, tokenFile } = identity;
  return new Renewal({
    clock,
    backoff: createBackoff({ minMs: 100, maxMs: minRefreshMs, jitter: 0.1, random }),
    minRefreshMs,
    maxRefreshMs,
    certify: () =>
      certify({
        channel,
        key,
        localName,
        bundle: () => credentials.bundle,
        readToken: () => readFile(tokenFile),
        wallMs: () => clock.wall(),
      }),
    onCertified: ({ chainPem, expiresMs }) => {
      credentials.replace({ keyPem: key.keyPem, chainPem, expiresMs });
      process.certificateObtained(clock.wall() / 1000, expiresMs / 1000);
      trust.shows(credentials.anchor);
      log.info("Certified identity", { id: localName });
    },
    onError: (error) => {
      process.certificateFailed();
      log.warn("Could not obtain a certificate", { error: String(error) });
    },
  });
}

/**
 * Believes what the identity service says of anchors, from the first certificate on. An anchor that is gone is not
 * believed any more, even where our own certificate is by it: that is renewed at once, over the connection that is there.
 */
function followTrust(
  { identity }: ProxyConfig,
  { around, given, log, credentials, trust }: ControlPlaneOptions,
  { channel, renewal }: { readonly channel: ControlChannel; readonly renewal: Renewal },
): () => void {
  const { clock, random } = around;
  const onBundle = (bundle: TrustBundle): void => {
    const { generation, anchors } = bundle;
    if (generation === credentials.bundle.generation) return;
    credentials.trust(bundle);
    trust.came("ok");
    trust.holds(bundle);
    trust.shows(credentials.anchor);
    log.info("Trust anchors replaced", { generation, anchors: anchors.length });
    if (credentials.anchor === undefined) renewal.renewAfter(ORPHAN_SPREAD_MS * random());
    try {
      keepBundle(identity.dir, { given, bundle });
    } catch (error) {
      log.warn("Cannot keep trust anchors for the next start", { error: String(error) });
    }
  };
  const onRefused = (error: unknown): void => {
    trust.came("refused");
    log.warn("Trust anchors refused, the last ones hold", { error: String(error) });
  };
  let watch: Watch | undefined;
  let stopped = false;
  credentials.whenReady(() => {
    if (!stopped) watch = watchTrust({ channel, clock, random, onBundle, onRefused });
  });
  return () => {
    stopped = true;
    watch?.cancel();
  };
}
