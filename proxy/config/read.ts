/** Every variable the proxy reads: name, parser and default (linkerd2-proxy's `env.rs`). */

import { availableParallelism } from "node:os";
import { readableFilter } from "#lib/log/log-filter.ts";
import { verificationProblem } from "#lib/tls/verification.ts";
import type { ProxyConfig } from "./config.ts";
import { readIdentity, readServices, readStreamLimits, readTrace } from "./control.ts";
import { readInbound, readOutbound } from "./directions.ts";
import { EnvReader, PREFIX, type Variables } from "./env-reader.ts";

/** What opens this runtime's inspector, or gives it flags that do. */
const INSPECTORS = ["BUN_INSPECT", "BUN_INSPECT_CONNECT_TO", "BUN_INSPECT_NOTIFY", "BUN_OPTIONS"];

/** What reading gives: a configuration, or every error there is, never only the first. */
export type EnvResult =
  | {
      readonly type: "config";
      readonly config: ProxyConfig;
      /** What was passed over, or stands in; for the log. */
      readonly warnings: readonly string[];
    }
  | { readonly type: "errors"; readonly errors: readonly string[] };

/** Reads the whole configuration. */
export function readConfig(variables: Variables): EnvResult {
  const env = new EnvReader(variables);
  const problem = verificationProblem(variables);
  if (problem !== undefined) env.errors.push(problem);
  for (const name of INSPECTORS)
    if (env.text(name) !== undefined)
      env.errors.push(`${name} must not be set: it would let others look into this process`);
  const ingressMode = env.boolean(`${PREFIX}INGRESS_MODE`, false);
  const config: ProxyConfig = {
    outbound: readOutbound(env),
    inbound: readInbound(env),
    adminListen: env.addr(`${PREFIX}ADMIN_LISTEN_ADDR`, { ip: "127.0.0.1", port: 4191 }),
    tap: readTap(env),
    trace: readTrace(env),
    clusterNetworks: env.networks(`${PREFIX}POLICY_CLUSTER_NETWORKS`).map(({ text }) => text),
    profileNetworks: env.networks(`${PREFIX}DESTINATION_PROFILE_NETWORKS`),
    profileInitialMs: env.duration(`${PREFIX}DESTINATION_PROFILE_INITIAL_TIMEOUT`, 500),
    profileSuffixes: env.suffixes(`${PREFIX}DESTINATION_PROFILE_SUFFIXES`, ["svc.cluster.local"]),
    ingressMode,
    ...readServices(env),
    identity: readIdentity(env),
    streams: readStreamLimits(env),
    informationalHeaders: !env.boolean(
      `${PREFIX}OUTBOUND_DISABLE_INFORMATIONAL_HEADERS`,
      ingressMode,
    ),
    shutdownEndpoint: env.boolean(`${PREFIX}SHUTDOWN_ENDPOINT_ENABLED`, false),
    shutdownGraceMs: env.duration(`${PREFIX}SHUTDOWN_GRACE_PERIOD`, 120_000),
    metricsRetainIdleMs: env.duration(`${PREFIX}METRICS_RETAIN_IDLE`, 600_000),
    log: readLog(env),
    accessLog: readAccessLog(env),
    workers: readWorkers(env, availableParallelism()),
    captureProof: env.boolean("BUNKERD_PROXY_CAPTURE_PROOF", false),
    captureProofIntervalMs: env.duration("BUNKERD_PROXY_CAPTURE_PROOF_INTERVAL", 60_000),
  };
  checkDefaultPolicy(env, config);
  if (config.workers > 1)
    env.warnings.push(
      `${PREFIX}CORES and its like ask for ${config.workers} workers: this version has one`,
    );
  return env.errors.length > 0
    ? { type: "errors", errors: env.errors }
    : { type: "config", config, warnings: env.warnings };
}

/** Without a name nobody may look, and nothing is listened on. */
function readTap(env: EnvReader): ProxyConfig["tap"] {
  const listen = env.addr(`${PREFIX}CONTROL_LISTEN_ADDR`, { ip: "0.0.0.0", port: 4190 });
  const clientName = env.text(`${PREFIX}TAP_SVC_NAME`);
  return clientName === undefined ? undefined : { listen, clientName };
}

/** As by linkerd2-proxy, what cannot be read of the filter is passed over alone, and what is no format is plain. */
function readLog(env: EnvReader): ProxyConfig["log"] {
  const asked = env.text(`${PREFIX}LOG`) ?? "warn,linkerd=info,hickory=error";
  const { filter, unreadable } = readableFilter(asked);
  for (const part of unreadable)
    env.warnings.push(`${PREFIX}LOG: unknown level in "${part}", which is passed over`);
  const format = env.lenient(`${PREFIX}LOG_FORMAT`, {
    parse: (text) => (["plain", "json"] as const).find((each) => each === text.toLowerCase()),
    expected: "plain or json",
  });
  return { filter, format: format ?? "plain" };
}

/** In any case; what is no format is passed over with a warning, as by linkerd2-proxy. */
function readAccessLog(env: EnvReader): ProxyConfig["accessLog"] {
  return env.lenient(`${PREFIX}ACCESS_LOG`, {
    parse: (text) => (["apache", "json"] as const).find((each) => each === text.toLowerCase()),
    expected: "apache or json",
  });
}

function checkDefaultPolicy(env: EnvReader, { inbound, clusterNetworks }: ProxyConfig): void {
  const needsNetworks =
    inbound.defaultPolicy.startsWith("cluster-") || inbound.defaultPolicy === "audit";
  if (needsNetworks && clusterNetworks.length === 0)
    env.errors.push(
      `${PREFIX}INBOUND_DEFAULT_POLICY ${inbound.defaultPolicy} needs ${PREFIX}POLICY_CLUSTER_NETWORKS`,
    );
}

/**
 * How many workers are asked for: of the machine's processors as many as the greater of `CORES_MIN` (or `CORES`) and
 * `CORES_MAX` (or the share `CORES_MAX_RATIO`, in (0, 1]); 1 where nothing is said. What cannot be read is passed over
 * with a warning, as by linkerd2-proxy.
 */
export function readWorkers(env: EnvReader, processors: number): number {
  const count = (name: string): number | undefined =>
    env.lenient(`${PREFIX}${name}`, {
      parse: (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined),
      expected: "a number of processors",
    });
  const ratio = env.lenient(`${PREFIX}CORES_MAX_RATIO`, {
    parse: (text) =>
      /^\d{1,9}(\.\d+)?$/.test(text) && Number(text) > 0 && Number(text) <= 1
        ? Number(text)
        : undefined,
    expected: "a ratio above 0 and at most 1",
  });
  const least = count("CORES_MIN") ?? count("CORES") ?? 1;
  const most = count("CORES_MAX") ?? (ratio === undefined ? 1 : Math.round(processors * ratio));
  return Math.min(processors, Math.max(least, most, 1));
}
