/** The variables of an injected proxy (proxy.md, section 4). */

import { type PortRange, parsePortRanges } from "#lib/k8s/annotations.ts";
import type { EnvVar, Pod } from "#lib/k8s/types/core.ts";
import { containersOf } from "./decide.ts";
import type { Settings } from "./settings.ts";
import { tapVariables, tracingVariables } from "./tracing.ts";
import type { InjectValues } from "./values.ts";

/** Where the proxy's key, and its token, are mounted. */
export const END_ENTITY_DIR = "/var/run/linkerd/identity/end-entity";
export const TOKEN_DIR = "/var/run/secrets/tokens";
export const TOKEN_FILE = "linkerd-identity-token";

/** Which part of the control plane the pod is; its own service is dialled on loopback. */
export type Component = "destination" | "identity" | "proxy-injector";

/** The anchors: as text, or read by the kubelet from ConfigMap linkerd-identity-trust-roots. */
export type Anchors = { readonly pem: string } | "config-map";

const P = "LINKERD2_PROXY_";
/** What Linkerd's injector means by no time limit. */
const FOREVER = "365d";
const FIELDS = {
  _pod_name: "metadata.name",
  _pod_ns: "metadata.namespace",
  _pod_uid: "metadata.uid",
  _pod_ip: "status.podIP",
  _pod_nodeName: "spec.nodeName",
  _pod_sa: "spec.serviceAccountName",
} as const;

/** All variables in an order in which each may name earlier ones. */
export function proxyEnv(
  pod: Pod,
  how: {
    readonly values: InjectValues;
    readonly settings: Settings;
    readonly anchors: Anchors;
    readonly component: Component | undefined;
  },
): EnvVar[] {
  const { values, settings, anchors, component } = how;
  const fields = Object.entries(FIELDS).map(([name, fieldPath]) => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  }));
  const ips = { name: `${P}INBOUND_IPS`, valueFrom: { fieldRef: { fieldPath: "status.podIPs" } } };
  const plain: Record<string, string | undefined> = {
    _pod_containerName: "linkerd-proxy",
    _l5d_ns: values.namespace,
    _l5d_trustdomain: values.identityTrustDomain,
    ...prefixed({
      ...listeners(settings),
      ...behaviour(settings),
      ...inbound(pod, settings),
      ...control(values, component),
      ...tapVariables({ values, settings, component }),
      ...tracingVariables(pod, { values, settings, component }),
      POLICY_CLUSTER_NETWORKS: values.clusterNetworks,
      DESTINATION_PROFILE_NETWORKS: values.clusterNetworks,
      DESTINATION_PROFILE_SUFFIXES: `svc.${values.clusterDomain}.`,
    }),
    BUNKERD_PROXY_CAPTURE_PROOF: settings.captureProof ? "true" : undefined,
    BUNKERD_PROXY_TRUST_WATCH: settings.trustWatch ? undefined : "false",
  };
  const given = Object.entries(plain).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  );
  return [...fields, ips, ...given, anchorsVariable(anchors)];
}

const prefixed = (variables: Record<string, string | undefined>): typeof variables =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [P + name, value]));

function listeners({ ports }: Settings): Record<string, string> {
  return {
    CONTROL_LISTEN_ADDR: `[::]:${ports.control}`,
    ADMIN_LISTEN_ADDR: `[::]:${ports.admin}`,
    OUTBOUND_LISTEN_ADDR: `127.0.0.1:${ports.outbound}`,
    OUTBOUND_LISTEN_ADDRS: `127.0.0.1:${ports.outbound},[::1]:${ports.outbound}`,
    INBOUND_LISTEN_ADDR: `[::]:${ports.inbound}`,
  };
}

function behaviour(settings: Settings): Record<string, string | undefined> {
  return {
    LOG: settings.logLevel,
    LOG_FORMAT: settings.logFormat,
    ACCESS_LOG: settings.accessLog,
    SHUTDOWN_ENDPOINT_ENABLED: String(settings.shutdownEndpoint),
    SHUTDOWN_GRACE_PERIOD: settings.shutdownGracePeriod || undefined,
    INGRESS_MODE: settings.ingress ? "true" : undefined,
    OUTBOUND_CONNECT_TIMEOUT: settings.outboundConnectTimeout,
    INBOUND_CONNECT_TIMEOUT: settings.inboundConnectTimeout,
    OUTBOUND_DISCOVERY_IDLE_TIMEOUT: settings.outboundDiscoveryTimeout,
    INBOUND_DISCOVERY_IDLE_TIMEOUT: settings.inboundDiscoveryTimeout,
    OUTBOUND_DETECT_TIMEOUT: settings.waitsForOutboundProtocol ? FOREVER : undefined,
    INBOUND_DETECT_TIMEOUT: settings.waitsForInboundProtocol ? FOREVER : undefined,
    OUTBOUND_METRICS_HOSTNAME_LABELS: String(settings.metrics.hostnameLabels),
    CONTROL_STREAM_INITIAL_TIMEOUT: "3s",
    CONTROL_STREAM_IDLE_TIMEOUT: "5m",
    CONTROL_STREAM_LIFETIME: "1h",
    INBOUND_ACCEPT_KEEPALIVE: "10000ms",
    OUTBOUND_CONNECT_KEEPALIVE: "10000ms",
  };
}

function inbound(pod: Pod, settings: Settings): Record<string, string | undefined> {
  const opaque = merged(parsePortRanges(settings.opaquePorts, namedPorts(pod))).map(
    ({ from, to }) => (from === to ? String(from) : `${from}-${to}`),
  );
  return {
    INBOUND_PORTS: inboundPorts(pod).join(","),
    INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION: opaque.join(",") || undefined,
    INBOUND_PORTS_REQUIRE_IDENTITY: settings.requireIdentityPorts,
    INBOUND_DEFAULT_POLICY: settings.defaultInboundPolicy,
  };
}

function control(values: InjectValues, component: Component | undefined): Record<string, string> {
  const { namespace, clusterDomain, identityTrustDomain } = values;
  const address = (service: string, at: { port: number; home: Component }): string =>
    component === at.home
      ? `localhost.:${at.port}`
      : `${service}.${namespace}.svc.${clusterDomain}.:${at.port}`;
  const identity = (account: string): string =>
    `${account}.${namespace}.serviceaccount.identity.${namespace}.${identityTrustDomain}`;
  return {
    DESTINATION_SVC_ADDR: address("linkerd-dst-headless", { port: 8086, home: "destination" }),
    DESTINATION_SVC_NAME: identity("linkerd-destination"),
    DESTINATION_CONTEXT:
      '{"ns":"$(_pod_ns)", "nodeName":"$(_pod_nodeName)", "pod":"$(_pod_name)"}\n',
    POLICY_SVC_ADDR: address("linkerd-policy", { port: 8090, home: "destination" }),
    POLICY_SVC_NAME: identity("linkerd-destination"),
    POLICY_WORKLOAD: '{"ns":"$(_pod_ns)", "pod":"$(_pod_name)"}\n',
    IDENTITY_SVC_ADDR: address("linkerd-identity-headless", { port: 8080, home: "identity" }),
    IDENTITY_SVC_NAME: identity("linkerd-identity"),
    IDENTITY_DIR: END_ENTITY_DIR,
    IDENTITY_TOKEN_FILE: `${TOKEN_DIR}/${TOKEN_FILE}`,
    IDENTITY_LOCAL_NAME:
      "$(_pod_sa).$(_pod_ns).serviceaccount.identity.$(_l5d_ns).$(_l5d_trustdomain)",
  };
}

function anchorsVariable(anchors: Anchors): EnvVar {
  const name = `${P}IDENTITY_TRUST_ANCHORS`;
  if (anchors !== "config-map") return { name, value: anchors.pem };
  const configMapKeyRef = { name: "linkerd-identity-trust-roots", key: "ca-bundle.crt" };
  return { name, valueFrom: { configMapKeyRef } };
}

/** The same ports with each named once: the proxy takes no longer list than there are ports. */
function merged(ranges: readonly PortRange[]): readonly PortRange[] {
  const all: { from: number; to: number }[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else all.push({ from, to });
  }
  return all;
}

/** The pod's ports by their names. */
export function namedPorts(pod: Pod): Map<string, number> {
  const ports = containersOf(pod).flatMap(({ ports: all }) => all ?? []);
  return new Map(
    ports.flatMap(({ name, containerPort }) => (name ? [[name, containerPort] as const] : [])),
  );
}

/** INJ9: container ports and the numeric ports of HTTP probes, each once, sorted as strings. */
function inboundPorts(pod: Pod): string[] {
  const ports = containersOf(pod).flatMap(({ ports: all, readinessProbe, livenessProbe }) => [
    ...(all ?? [])
      .filter(({ protocol }) => (protocol ?? "TCP") === "TCP")
      .map(({ containerPort }) => containerPort),
    ...[readinessProbe, livenessProbe].map((probe) => probe?.httpGet?.port),
  ]);
  const numbers = ports.filter((port) => typeof port === "number");
  return [...new Set(numbers.map(String))].toSorted();
}
