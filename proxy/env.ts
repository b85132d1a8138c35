/** Every variable the proxy reads: name, parser and default (linkerd2-proxy's `env.rs`); one group a station. */

import { parseAuthority } from "#lib/addr/authority.ts";
import { isLoopback } from "#lib/addr/ip.ts";
import { SERVER_KEEP_ALIVE } from "#lib/http-io/patience.ts";
import type { KeepAliveLimits } from "#lib/http2/keep-alive.ts";
import type { ProxyConfig } from "./config.ts";
import type { ControlAddr } from "./control/control-addr.ts";
import { EnvReader, type Variables } from "./env-reader.ts";
import { DEFAULT_POLICIES, type DefaultPolicyName } from "./policy/default-policy.ts";
import type { DirectionConfig } from "./transport/direction-config.ts";

const P = "LINKERD2_PROXY_";

/** The process's own environment. */
export function processVariables(): Variables {
  return process.env;
}

/** What reading gives: a configuration, or every error there is, never only the first. */
export type EnvResult =
  | { readonly type: "config"; readonly config: ProxyConfig }
  | { readonly type: "errors"; readonly errors: readonly string[] };

/** Reads the whole configuration. */
export function readConfig(variables: Variables): EnvResult {
  const env = new EnvReader(variables);
  if (env.text("NODE_TLS_REJECT_UNAUTHORIZED") !== undefined)
    env.errors.push("NODE_TLS_REJECT_UNAUTHORIZED must not be set: it would disable verification");
  if (env.text(`${P}IDENTITY_DISABLED`) !== undefined)
    env.errors.push(`${P}IDENTITY_DISABLED must not be set: identity is mandatory`);
  if (env.text(`${P}IDENTITY_SPIRE_WORKLOAD_API_ADDRESS`) ?? env.text(`${P}IDENTITY_SPIRE_SOCKET`))
    env.errors.push("SPIRE is not supported in this version: use the identity service");
  const config: ProxyConfig = {
    outbound: readOutbound(env),
    inbound: readInbound(env),
    adminListen: env.addr(`${P}ADMIN_LISTEN_ADDR`, { ip: "127.0.0.1", port: 4191 }),
    clusterNetworks: env.networks(`${P}POLICY_CLUSTER_NETWORKS`).map(({ text }) => text),
    profileNetworks: env.networks(`${P}DESTINATION_PROFILE_NETWORKS`),
    destination: {
      ...readControl(env, "DESTINATION"),
      context: env.text(`${P}DESTINATION_CONTEXT`) ?? "",
    },
    policy: { ...readControl(env, "POLICY"), workload: env.required(`${P}POLICY_WORKLOAD`) },
    identity: readIdentity(env),
    informationalHeaders: !env.boolean(`${P}OUTBOUND_DISABLE_INFORMATIONAL_HEADERS`, false),
    shutdownEndpoint: env.boolean(`${P}SHUTDOWN_ENDPOINT_ENABLED`, false),
    shutdownGraceMs: env.duration(`${P}SHUTDOWN_GRACE_PERIOD`, 120_000),
    metricsRetainIdleMs: env.duration(`${P}METRICS_RETAIN_IDLE`, 600_000),
    log: {
      filter: env.text(`${P}LOG`) ?? "warn,linkerd=info,hickory=error",
      format: env.oneOf(`${P}LOG_FORMAT`, "plain", ["plain", "json"]),
    },
    captureProof: env.boolean("BUNKERD_PROXY_CAPTURE_PROOF", false),
    captureProofIntervalMs: env.duration("BUNKERD_PROXY_CAPTURE_PROOF_INTERVAL", 60_000),
  };
  checkDefaultPolicy(env, config);
  return env.errors.length > 0
    ? { type: "errors", errors: env.errors }
    : { type: "config", config };
}

function readOutbound(env: EnvReader): DirectionConfig {
  const one = env.addr(`${P}OUTBOUND_LISTEN_ADDR`, { ip: "127.0.0.1", port: 4140 });
  const listen = env.addrs(`${P}OUTBOUND_LISTEN_ADDRS`, [one]);
  if (listen.length > 2) env.errors.push(`${P}OUTBOUND_LISTEN_ADDRS must name 1 or 2 addresses`);
  const defaults = { connectTimeoutMs: 1000, maxBackoffMs: 60_000, discoveryIdleMs: 5000 };
  return { listen, ...readDirection(env, "OUTBOUND", defaults) };
}

function readInbound(env: EnvReader): ProxyConfig["inbound"] {
  const listen = [env.addr(`${P}INBOUND_LISTEN_ADDR`, { ip: "0.0.0.0", port: 4143 })];
  const defaults = { connectTimeoutMs: 300, maxBackoffMs: 10_000, discoveryIdleMs: 90_000 };
  return {
    listen,
    ...readDirection(env, "INBOUND", defaults),
    ips: new Set((env.text(`${P}INBOUND_IPS`) ?? "").split(",").filter((ip) => ip !== "")),
    ports: env.ports(`${P}INBOUND_PORTS`),
    opaquePorts: new Set(env.ports(`${P}INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION`)),
    defaultPolicy: env.oneOf<DefaultPolicyName>(
      `${P}INBOUND_DEFAULT_POLICY`,
      "all-unauthenticated",
      DEFAULT_POLICIES,
    ),
  };
}

function readDirection(
  env: EnvReader,
  direction: "INBOUND" | "OUTBOUND",
  defaults: {
    readonly connectTimeoutMs: number;
    readonly maxBackoffMs: number;
    readonly discoveryIdleMs: number;
  },
): Omit<DirectionConfig, "listen"> {
  const name = `${P}${direction}_`;
  const idle =
    direction === "INBOUND"
      ? `${P}MAX_IDLE_CONNS_PER_ENDPOINT`
      : `${name}MAX_IDLE_CONNS_PER_ENDPOINT`;
  return {
    detectTimeoutMs: env.duration(`${name}DETECT_TIMEOUT`, 10_000),
    connectTimeoutMs: env.duration(`${name}CONNECT_TIMEOUT`, defaults.connectTimeoutMs),
    backoff: readBackoff(env, `${name}CONNECT_EXP_BACKOFF`, defaults.maxBackoffMs),
    acceptKeepaliveMs: env.duration(`${name}ACCEPT_KEEPALIVE`, undefined),
    connectKeepaliveMs: env.duration(`${name}CONNECT_KEEPALIVE`, undefined),
    acceptUserTimeoutMs: env.duration(`${name}ACCEPT_USER_TIMEOUT`, undefined),
    connectUserTimeoutMs: env.duration(`${name}CONNECT_USER_TIMEOUT`, undefined),
    serverKeepAlive: readKeepAlive(env, `${name}SERVER_HTTP2_KEEP_ALIVE`),
    discoveryIdleMs: env.duration(`${name}DISCOVERY_IDLE_TIMEOUT`, defaults.discoveryIdleMs),
    http1IdleMs: env.duration(`${name}HTTP1_CONNECTION_POOL_IDLE_TIMEOUT`, 3000),
    maxIdlePerEndpoint: env.number(idle, 10_000),
    maxInFlight: env.number(`${name}MAX_IN_FLIGHT`, 100_000),
  };
}

/** Both or neither count; neither means what Linkerd's injector sets. */
function readKeepAlive(env: EnvReader, name: string): KeepAliveLimits {
  const intervalMs = env.duration(`${name}_INTERVAL`, undefined);
  const timeoutMs = env.duration(`${name}_TIMEOUT`, undefined);
  return intervalMs === undefined || timeoutMs === undefined
    ? SERVER_KEEP_ALIVE
    : { pendingMs: intervalMs, idleMs: intervalMs, timeoutMs };
}

/** `_MIN` and `_MAX` must both be set or both unset; the jitter is then 0 by default. */
function readBackoff(env: EnvReader, name: string, maxMs: number): DirectionConfig["backoff"] {
  const min = env.duration(`${name}_MIN`, undefined);
  const max = env.duration(`${name}_MAX`, undefined);
  if (min === undefined && max === undefined) return { minMs: 100, maxMs, jitter: 0.1 };
  if (min === undefined || max === undefined || min > max || max === 0)
    env.errors.push(`${name}_MIN and ${name}_MAX must both be set, and MIN must not exceed MAX`);
  return { minMs: min ?? 100, maxMs: max ?? maxMs, jitter: env.number(`${name}_JITTER`, 0) };
}

function readControl(env: EnvReader, service: "DESTINATION" | "POLICY" | "IDENTITY"): ControlAddr {
  const variable = `${P}${service}_SVC_ADDR`;
  const text = env.required(variable);
  const authority = parseAuthority(text);
  if (text !== "" && authority?.port === undefined)
    env.errors.push(`${variable} must be host:port: "${text}"`);
  const host = authority?.host ?? "";
  const name = env.text(`${P}${service}_SVC_NAME`);
  const loopback = host === "localhost" || isLoopback(host);
  if (name === undefined && !loopback && text !== "")
    env.errors.push(`${P}${service}_SVC_NAME is not set, and ${text} is not loopback`);
  return { host, port: authority?.port ?? 0, name: loopback ? undefined : name };
}

function readIdentity(env: EnvReader): ProxyConfig["identity"] {
  return {
    ...readControl(env, "IDENTITY"),
    dir: env.required(`${P}IDENTITY_DIR`),
    trustAnchorsPem: env.required(`${P}IDENTITY_TRUST_ANCHORS`),
    trustWatch: env.boolean("BUNKERD_PROXY_TRUST_WATCH", true),
    tokenFile: env.required(`${P}IDENTITY_TOKEN_FILE`),
    localName: env.text(`${P}IDENTITY_LOCAL_NAME`) ?? env.required(`${P}IDENTITY_SERVER_NAME`),
    minRefreshMs: env.duration(`${P}IDENTITY_MIN_REFRESH`, 10_000),
    maxRefreshMs: env.duration(`${P}IDENTITY_MAX_REFRESH`, 86_400_000),
  };
}

function checkDefaultPolicy(env: EnvReader, { inbound, clusterNetworks }: ProxyConfig): void {
  const needsNetworks =
    inbound.defaultPolicy.startsWith("cluster-") || inbound.defaultPolicy === "audit";
  if (needsNetworks && clusterNetworks.length === 0)
    env.errors.push(
      `${P}INBOUND_DEFAULT_POLICY ${inbound.defaultPolicy} needs ${P}POLICY_CLUSTER_NETWORKS`,
    );
}
