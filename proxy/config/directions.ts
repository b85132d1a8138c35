/** What inbound and outbound are told: listeners, time limits, and what HTTP/2 grants. */

import { SERVER_KEEP_ALIVE } from "#lib/http-io/patience.ts";
import type { Http2Grants } from "#lib/http2/http2-options.ts";
import type { KeepAliveLimits } from "#lib/http2/keep-alive.ts";
import type { DefaultQueue } from "../policy/client-policy.ts";
import { DEFAULT_POLICIES, type DefaultPolicyName } from "../policy/default-policy.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import type { ProxyConfig } from "./config.ts";
import { type EnvReader, PREFIX } from "./env-reader.ts";

/** RFC 9113 §6.9.1, §6.5.2; streams are numbered with 31 bits, of which a client has half. */
const WINDOW = { min: 1, max: 2 ** 31 - 1 };
const FRAME = { min: 16_384, max: 2 ** 24 - 1 };
const COUNT = { min: 1, max: 2 ** 31 - 1 };
/** What Linkerd's queues hold. */
const QUEUE_CAPACITY = 10_000;
/** What listen(2) takes; the kernel bounds it by net.core.somaxconn. */
const BACKLOG = { min: 1, max: 2 ** 31 - 1 };

/** Reads the side of the application's own calls. */
export function readOutbound(env: EnvReader): ProxyConfig["outbound"] {
  const variable = `${PREFIX}OUTBOUND_LISTEN_ADDRS`;
  const one = env.addr(`${PREFIX}OUTBOUND_LISTEN_ADDR`, { ip: "127.0.0.1", port: 4140 });
  const listen = env.addrs(variable, [one]);
  if (listen.length > 2) env.errors.push(`${variable} must name 1 or 2 addresses`);
  const defaults = { connectTimeoutMs: 1000, maxBackoffMs: 60_000, discoveryIdleMs: 5000 };
  const hostnameLabels = env.boolean(`${PREFIX}OUTBOUND_METRICS_HOSTNAME_LABELS`, false);
  const tcpQueue = readQueue(env, `${PREFIX}OUTBOUND_TCP`, 3000);
  return { listen, ...readDirection(env, "OUTBOUND", defaults), hostnameLabels, tcpQueue };
}

/** Reads the side of calls to the application. */
export function readInbound(env: EnvReader): ProxyConfig["inbound"] {
  const name = `${PREFIX}INBOUND_`;
  const listen = [env.addr(`${name}LISTEN_ADDR`, { ip: "0.0.0.0", port: 4143 })];
  const defaults = { connectTimeoutMs: 300, maxBackoffMs: 10_000, discoveryIdleMs: 90_000 };
  const defaultPolicy = `${name}DEFAULT_POLICY`;
  if (env.text(defaultPolicy) === undefined)
    env.warnings.push(`${defaultPolicy} is not set: all-unauthenticated holds`);
  return {
    listen,
    ...readDirection(env, "INBOUND", defaults),
    ips: readIps(env, `${name}IPS`),
    ports: env.ports(`${name}PORTS`),
    opaquePorts: new Set(env.ports(`${name}PORTS_DISABLE_PROTOCOL_DETECTION`)),
    gatewaySuffixes: env.suffixes(`${name}GATEWAY_SUFFIXES`, []),
    defaultPolicy: env.oneOf<DefaultPolicyName>(
      defaultPolicy,
      "all-unauthenticated",
      DEFAULT_POLICIES,
    ),
    authorityLabels:
      env.oneOf(`${name}METRICS_AUTHORITY_LABELS`, "", ["unsafe", ""] as const) === "unsafe",
  };
}

/** A comma list without blanks; a variable that is set to nothing is an error, as it would allow any address. */
function readIps(env: EnvReader, name: string): ReadonlySet<string> {
  if (env.isEmpty(name))
    env.errors.push(`${name} must not be empty: unset it to allow any address`);
  return new Set(env.ips(name));
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
  const name = `${PREFIX}${direction}_`;
  const idle =
    direction === "INBOUND"
      ? `${PREFIX}MAX_IDLE_CONNS_PER_ENDPOINT`
      : `${name}MAX_IDLE_CONNS_PER_ENDPOINT`;
  return {
    backlog: env.integer(`${name}TCP_LISTEN_BACKLOG`, undefined, BACKLOG),
    detectTimeoutMs: env.duration(`${name}DETECT_TIMEOUT`, 10_000),
    connectTimeoutMs: env.duration(`${name}CONNECT_TIMEOUT`, defaults.connectTimeoutMs),
    backoff: readBackoff(env, `${name}CONNECT_EXP_BACKOFF`, defaults.maxBackoffMs),
    acceptKeepaliveMs: env.duration(`${name}ACCEPT_KEEPALIVE`, undefined),
    connectKeepaliveMs: env.duration(`${name}CONNECT_KEEPALIVE`, undefined),
    acceptUserTimeoutMs: env.duration(`${name}ACCEPT_USER_TIMEOUT`, undefined),
    connectUserTimeoutMs: env.duration(`${name}CONNECT_USER_TIMEOUT`, undefined),
    serverHttp2: readServerHttp2(env, `${name}SERVER_HTTP2`),
    clientHttp2: readWindows(env, `${PREFIX}HTTP2`),
    discoveryIdleMs: env.duration(`${name}DISCOVERY_IDLE_TIMEOUT`, defaults.discoveryIdleMs),
    http1IdleMs: env.duration(`${name}HTTP1_CONNECTION_POOL_IDLE_TIMEOUT`, 3000),
    maxIdlePerEndpoint: env.integer(idle, 10_000, { min: 0, max: COUNT.max }),
    maxInFlight: env.integer(`${name}MAX_IN_FLIGHT`, 100_000, COUNT),
    httpQueue: readQueue(env, `${name}HTTP`, direction === "INBOUND" ? 1000 : 3000),
  };
}

function readQueue(env: EnvReader, name: string, failfastMs: number): DefaultQueue {
  return {
    queueCapacity: env.integer(`${name}_QUEUE_CAPACITY`, QUEUE_CAPACITY, COUNT),
    failfastMs: env.duration(`${name}_FAILFAST_TIMEOUT`, failfastMs),
  };
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

function readServerHttp2(env: EnvReader, name: string): DirectionConfig["serverHttp2"] {
  const streams = env.integer(`${name}_MAX_CONCURRENT_STREAMS`, undefined, COUNT);
  const list = env.integer(`${name}_MAX_HEADER_LIST_SIZE`, undefined, COUNT);
  const frame = env.integer(`${name}_MAX_FRAME_SIZE`, undefined, FRAME);
  const resets = env.integer(`${name}_MAX_PENDING_ACCEPT_RESET_STREAMS`, undefined, COUNT);
  return {
    ...readWindows(env, name),
    ...(streams !== undefined && { maxConcurrentStreams: streams }),
    ...(list !== undefined && { maxHeaderListBytes: list }),
    ...(frame !== undefined && { maxFrameBytes: frame }),
    ...(resets !== undefined && { maxResets: resets }),
    keepAlive: readKeepAlive(env, `${name}_KEEP_ALIVE`),
  };
}

/** Both or neither count; neither means Linkerd's windows. */
function readWindows(env: EnvReader, name: string): Http2Grants {
  const stream = env.integer(`${name}_INITIAL_STREAM_WINDOW_SIZE`, undefined, WINDOW);
  const connection = env.integer(`${name}_INITIAL_CONNECTION_WINDOW_SIZE`, undefined, WINDOW);
  return stream === undefined || connection === undefined
    ? {}
    : { streamWindowBytes: stream, connectionWindowBytes: connection };
}

/** Both or neither count; neither means what Linkerd's injector sets. */
function readKeepAlive(env: EnvReader, name: string): KeepAliveLimits {
  const intervalMs = env.duration(`${name}_INTERVAL`, undefined);
  const timeoutMs = env.duration(`${name}_TIMEOUT`, undefined);
  return intervalMs === undefined || timeoutMs === undefined
    ? SERVER_KEEP_ALIVE
    : { pendingMs: intervalMs, idleMs: intervalMs, timeoutMs };
}
