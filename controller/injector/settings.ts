/** What annotations make of the values for one pod: every setting of its proxy, checked. */

import { BUNKERD_CONFIG, CONFIG, annotation as lookUp, type Marks } from "#lib/k8s/annotations.ts";
import type { InjectValues, ProxyValues, Resources } from "./values.ts";

/** One proxy's settings; the rest comes from the values. */
export type Settings = Omit<
  ProxyValues,
  "outboundDiscoveryCacheUnusedTimeout" | "inboundDiscoveryCacheUnusedTimeout"
> & {
  readonly gid: number | undefined;
  readonly requireIdentityPorts: string | undefined;
  readonly ingress: boolean;
  readonly shutdownEndpoint: boolean;
  readonly accessLog: string | undefined;
  readonly outboundDiscoveryTimeout: string;
  readonly inboundDiscoveryTimeout: string;
  /** Warnings about annotations that cannot be used and were passed over. */
  readonly warnings: readonly string[];
};

/** A value as an annotation has it, undefined where it is not set or cannot be used. */
type Reader = (name: string, accepts: RegExp) => string | undefined;

/** A setting without the blanks around it. */
const annotation = (key: string, from: Parameters<typeof settingsOf>[1]): string | undefined =>
  lookUp(key, from)?.trim();

const PORT = /^([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$/;
const QUANTITY = /^\d+(\.\d+)?([munkKMGTPE]i?)?$/;
const DURATION = /^\d+(ms|s|m|h|d)$/;
const POLICY = /^((all|cluster)-(un)?authenticated|deny|audit)$/;
const SWITCH = /^(enabled|disabled|true|false)$/;
const LOG_FORMATS = ["plain", "json"] as const;
const TEXT = /^\S[\s\S]*$/;

/** Where the native sidecar was asked for before it was a setting; the first one wins. */
const OLDER_SIDECAR_KEYS = ["beta", "alpha"].map(
  (stage) => `config.${stage}.linkerd.io/proxy-enable-native-sidecar`,
);

const WAIT_BEFORE_EXIT = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds";

/** Settings of one pod's proxy. */
export function settingsOf(
  values: InjectValues,
  from: { readonly pod: Marks; readonly namespace: Marks },
): Settings {
  const warnings: string[] = [];
  const readKey = (key: string, accepts: RegExp): string | undefined => {
    const value = annotation(key, from);
    if (value === undefined || value === "" || accepts.test(value)) return value || undefined;
    warnings.push(`annotation ${key} cannot be "${value}"`);
    return undefined;
  };
  const read: Reader = (name, accepts) => readKey(CONFIG + name, accepts);
  const isOn = (value: string): boolean => value === "enabled" || value === "true";
  const on = (name: string, fallback: boolean): boolean => {
    const value = read(name, SWITCH);
    return value === undefined ? fallback : isOn(value);
  };
  const older = OLDER_SIDECAR_KEYS.map((key) => readKey(key, SWITCH)).find(
    (each) => each !== undefined,
  );
  const { proxy } = values;
  return {
    ...proxy,
    image: readImage(read, proxy),
    ports: readPorts(read, proxy),
    resources: readResources(read, proxy.resources),
    uid: Number(read("proxy-uid", /^[1-9]\d*$/) ?? proxy.uid),
    captureProof:
      proxy.captureProof &&
      readKey(`${BUNKERD_CONFIG}capture-proof`, /^(enabled|disabled)$/) !== "disabled",
    gid: optionalNumber(read("proxy-gid", /^\d+$/)),
    logLevel: read("proxy-log-level", TEXT) ?? proxy.logLevel,
    logFormat:
      LOG_FORMATS.find((each) => each === read("proxy-log-format", /^(plain|json)$/)) ??
      proxy.logFormat,
    defaultInboundPolicy: read("default-inbound-policy", POLICY) ?? proxy.defaultInboundPolicy,
    opaquePorts: annotation(`${CONFIG}opaque-ports`, from) ?? proxy.opaquePorts,
    requireIdentityPorts:
      read("proxy-require-identity-inbound-ports", TEXT) ??
      (proxy.requireIdentityOnInboundPorts || undefined),
    await: on("proxy-await", proxy.await),
    shutdownGracePeriod: read("shutdown-grace-period", DURATION) ?? proxy.shutdownGracePeriod,
    shutdownEndpoint: on("proxy-admin-shutdown", proxy.enableShutdownEndpoint),
    accessLog: read("access-log", /^(apache|json)$/),
    ingress: annotation("linkerd.io/inject", from) === "ingress",
    outboundConnectTimeout:
      read("proxy-outbound-connect-timeout", DURATION) ?? proxy.outboundConnectTimeout,
    inboundConnectTimeout:
      read("proxy-inbound-connect-timeout", DURATION) ?? proxy.inboundConnectTimeout,
    outboundDiscoveryTimeout:
      read("proxy-outbound-discovery-cache-unused-timeout", DURATION) ??
      proxy.outboundDiscoveryCacheUnusedTimeout,
    inboundDiscoveryTimeout:
      read("proxy-inbound-discovery-cache-unused-timeout", DURATION) ??
      proxy.inboundDiscoveryCacheUnusedTimeout,
    nativeSidecar: on(
      "proxy-enable-native-sidecar",
      older === undefined ? proxy.nativeSidecar : isOn(older),
    ),
    waitBeforeExitSeconds: Number(
      readKey(WAIT_BEFORE_EXIT, /^\d+$/) ?? proxy.waitBeforeExitSeconds,
    ),
    warnings,
  };
}

function readImage(read: Reader, { image }: ProxyValues): ProxyValues["image"] {
  const policy = read("image-pull-policy", /^(Always|IfNotPresent|Never)$/);
  return {
    name: read("proxy-image", TEXT) ?? image.name,
    version: read("proxy-version", TEXT) ?? image.version,
    pullPolicy: (policy as ProxyValues["image"]["pullPolicy"] | undefined) ?? image.pullPolicy,
  };
}

function readPorts(read: Reader, { ports }: ProxyValues): ProxyValues["ports"] {
  return {
    admin: Number(read("admin-port", PORT) ?? ports.admin),
    control: Number(read("control-port", PORT) ?? ports.control),
    inbound: Number(read("inbound-port", PORT) ?? ports.inbound),
    outbound: Number(read("outbound-port", PORT) ?? ports.outbound),
  };
}

function readResources(read: Reader, { cpu, memory }: Resources): Resources {
  return {
    cpu: {
      request: read("proxy-cpu-request", QUANTITY) ?? cpu.request,
      limit: read("proxy-cpu-limit", QUANTITY) ?? cpu.limit,
    },
    memory: {
      request: read("proxy-memory-request", QUANTITY) ?? memory.request,
      limit: read("proxy-memory-limit", QUANTITY) ?? memory.limit,
    },
  };
}

const optionalNumber = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);
