/** What the proxy is told of the control plane: where its services are, who they must be, and how long streams last. */

import { parseAuthority } from "#lib/addr/authority.ts";
import { isLoopback } from "#lib/addr/ip.ts";
import type { ControlAddr } from "../control/control-addr.ts";
import type { StreamLimits } from "../control/stream-limits.ts";
import type { ProxyConfig } from "./config.ts";
import { type EnvReader, PREFIX } from "./env-reader.ts";

/** Reads the services that are asked for endpoints and policies. */
export function readServices(env: EnvReader): Pick<ProxyConfig, "destination" | "policy"> {
  return {
    destination: {
      ...readControl(env, "DESTINATION"),
      context: env.text(`${PREFIX}DESTINATION_CONTEXT`) ?? "",
    },
    policy: {
      ...readControl(env, "POLICY"),
      workload: env.required(`${PREFIX}POLICY_WORKLOAD`),
    },
  };
}

/** Reads who the proxy is, and who says so. */
export function readIdentity(env: EnvReader): ProxyConfig["identity"] {
  const name = `${PREFIX}IDENTITY_`;
  if (env.text(`${name}DISABLED`) !== undefined)
    env.errors.push(`${name}DISABLED must not be set: identity is mandatory`);
  for (const each of ["SPIRE_WORKLOAD_API_ADDRESS", "SPIRE_SOCKET"])
    if (env.text(`${name}${each}`) !== undefined)
      env.errors.push(
        `${name}${each} must not be set: SPIRE is not supported in this version, use the identity service`,
      );
  return {
    ...readControl(env, "IDENTITY"),
    dir: env.required(`${name}DIR`),
    trustAnchorsPem: env.required(`${name}TRUST_ANCHORS`),
    trustWatch: env.boolean("BUNKERD_PROXY_TRUST_WATCH", true),
    tokenFile: env.required(`${name}TOKEN_FILE`),
    localName: readLocalName(env, name),
    minRefreshMs: env.duration(`${name}MIN_REFRESH`, 10_000),
    maxRefreshMs: env.duration(`${name}MAX_REFRESH`, 86_400_000),
  };
}

/** One name for both the certificate and the SNI: `_LOCAL_NAME`, or `_SERVER_ID` and `_SERVER_NAME`, which must agree. */
function readLocalName(env: EnvReader, name: string): string {
  const local = env.text(`${name}LOCAL_NAME`);
  if (local !== undefined) return local;
  const [id, server] = [env.text(`${name}SERVER_ID`), env.text(`${name}SERVER_NAME`)];
  if (id === undefined && server === undefined) return env.required(`${name}LOCAL_NAME`);
  if (id !== server)
    env.errors.push(`${name}SERVER_ID and ${name}SERVER_NAME must both be set, to the same name`);
  return id ?? "";
}

/** Reads where spans go; nowhere where no collector is named. */
export function readTrace(env: EnvReader): ProxyConfig["trace"] {
  if (env.text(`${PREFIX}TRACE_COLLECTOR_SVC_ADDR`) === undefined) return undefined;
  return {
    collector: readControl(env, "TRACE_COLLECTOR"),
    hostname: env.text("HOSTNAME") ?? "",
    serviceName: env.text(`${PREFIX}TRACE_SERVICE_NAME`),
    attributesPath: env.text(`${PREFIX}TRACE_ATTRIBUTES_PATH`),
    attributes: [`${PREFIX}TRACE_EXTRA_ATTRIBUTES`, "OTEL_RESOURCE_ATTRIBUTES"].map(
      (name) => env.text(name) ?? "",
    ),
  };
}

type Service = "DESTINATION" | "POLICY" | "IDENTITY" | "TRACE_COLLECTOR";

function readControl(env: EnvReader, service: Service): ControlAddr {
  const variable = `${PREFIX}${service}_SVC_ADDR`;
  const text = env.required(variable);
  const authority = parseAuthority(text);
  if (text !== "" && authority?.port === undefined)
    env.errors.push(`${variable} must be host:port: "${text}"`);
  const host = authority?.host ?? "";
  const name = env.text(`${PREFIX}${service}_SVC_NAME`);
  const loopback = host === "localhost" || isLoopback(host);
  if (name === undefined && !loopback && text !== "")
    env.errors.push(`${PREFIX}${service}_SVC_NAME is not set, and ${text} is not loopback`);
  return { host, port: authority?.port ?? 0, name: loopback ? undefined : name };
}

/** How long streams of the control plane may take and last. None may exceed the next; what is not set does not count. */
export function readStreamLimits(env: EnvReader): StreamLimits {
  const name = `${PREFIX}CONTROL_STREAM_`;
  const initialMs = env.duration(`${name}INITIAL_TIMEOUT`, undefined);
  const idleMs = env.duration(`${name}IDLE_TIMEOUT`, undefined);
  const lifetimeMs = env.duration(`${name}LIFETIME`, undefined);
  const said = [initialMs, idleMs, lifetimeMs].filter((each) => each !== undefined);
  if (said.some((each, index) => index > 0 && each < (said[index - 1] ?? 0)))
    env.errors.push(
      `${name}INITIAL_TIMEOUT, ${name}IDLE_TIMEOUT and ${name}LIFETIME must not exceed the next`,
    );
  return { initialMs, idleMs, lifetimeMs };
}
