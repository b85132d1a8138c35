/** The clients of the control plane, and the certificate that they need. */

import type { Logger } from "#lib/log/logger.ts";
import { resolveHost } from "#lib/net/dns.ts";
import { TlsCredentials } from "#lib/net/tls.ts";
import { createBackoff } from "#lib/time/backoff.ts";
import type { ProxyConfig } from "./config.ts";
import { certify } from "./control/certify.ts";
import { ControlChannel } from "./control/channel.ts";
import type { ControlAddr } from "./control/control-addr.ts";
import { ControlDiscovery } from "./control/discovery.ts";
import type { CredentialStore } from "./identity/credentials.ts";
import type { WorkloadKey } from "./identity/key.ts";
import { Renewal } from "./identity/renew.ts";
import type { Surroundings } from "./surroundings.ts";
import type { ProcessMetrics } from "./telemetry/process-metrics.ts";

/** What the clients need. */
export interface ControlPlaneOptions {
  readonly around: Surroundings;
  readonly key: WorkloadKey;
  readonly log: Logger;
  readonly credentials: CredentialStore;
  readonly process: ProcessMetrics;
}

/** Starts to ask for a certificate, and gives the discovery that is asked once there is one. */
export function connectControlPlane(
  config: ProxyConfig,
  options: ControlPlaneOptions,
): { readonly discovery: ControlDiscovery; readonly stop: () => void } {
  const { identity, destination, policy, outbound } = config;
  const { clock, random } = options.around;
  const { connectTimeoutMs, backoff } = outbound;
  const { credentials, log } = options;
  const channels: ControlChannel[] = [];
  const channel = (
    addr: ControlAddr,
    current: () => TlsCredentials | undefined,
  ): ControlChannel => {
    const shared = { clock, random, log, connectTimeoutMs, backoff, resolve: resolveHost };
    const made = new ControlChannel({ ...shared, addr, credentials: current });
    channels.push(made);
    return made;
  };
  const anchorsPem = identity.trustAnchorsPem;
  const bootstrap = new TlsCredentials({ keyPem: undefined, chainPem: undefined, anchorsPem });
  const certifier = channel(identity, () => credentials.current ?? bootstrap);
  const discovery = new ControlDiscovery({
    destination: channel(destination, () => credentials.current),
    policy: channel(policy, () => credentials.current),
    context: destination.context,
    workload: policy.workload,
    detectTimeoutMs: outbound.detectTimeoutMs,
  });
  const renewal = renew(config, certifier, options);
  const stop = (): void => {
    renewal.stop();
    for (const each of channels) each.drain();
  };
  return { discovery, stop };
}

function renew(
  { identity }: ProxyConfig,
  channel: ControlChannel,
  options: ControlPlaneOptions,
): Renewal {
  const { around, key, log, credentials, process } = options;
  const { clock, random, readFile } = around;
  const {
    localName,
    trustAnchorsPem: anchorsPem,
    minRefreshMs,
    maxRefreshMs,
    tokenFile,
  } = identity;
  return new Renewal({
    clock,
    backoff: createBackoff({ minMs: 100, maxMs: minRefreshMs, jitter: 0.1, random }),
    minRefreshMs,
    maxRefreshMs,
    certify: () =>
      certify({
        channel,
        csrDer: key.csrDer,
        localName,
        anchorsPem,
        readToken: () => readFile(tokenFile),
        wallMs: () => clock.wall(),
      }),
    onCertified: ({ chainPem, expiresMs }) => {
      credentials.replace({ keyPem: key.keyPem, chainPem, anchorsPem }, expiresMs);
      process.certificateRefreshed("ok");
      process.certificateExpires.set(expiresMs / 1000);
      log.info("Certified identity", { id: localName });
    },
    onError: (error) => {
      process.certificateRefreshed("error");
      log.warn("Could not obtain a certificate", { error: String(error) });
    },
  });
}
