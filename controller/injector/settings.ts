/** What annotations make of the values for one pod: every setting of its proxy, checked. */

import {
  annotation,
  BUNKERD_CONFIG,
  CONFIG,
  DISABLE_TAP,
  INJECT,
  type Marks,
  OPAQUE_PORTS,
} from "#lib/k8s/annotations.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { parseGoDuration } from "#lib/time/duration.ts";
import { MarkReader, matching, within } from "./mark-reader.ts";
import { readMarksInForce } from "./marks-in-force.ts";
import { readPorts } from "./ports.ts";
import { readResources, type StorageQuantities } from "./resources.ts";
import type { InjectValues, ProxyValues } from "./values.ts";
import { tellWithoutEffect } from "./without-effect.ts";

/** One proxy's settings; the rest comes from the values. Durations are an integer and a unit. */
export type Settings = Omit<
  ProxyValues,
  "outboundDiscoveryCacheUnusedTimeout" | "inboundDiscoveryCacheUnusedTimeout"
> & {
  readonly gid: number | undefined;
  readonly ephemeralStorage: StorageQuantities;
  readonly requireIdentityPorts: string | undefined;
  readonly ingress: boolean;
  /** Whether the proxy follows the trust anchors that the identity service streams. */
  readonly trustWatch: boolean;
  readonly shutdownEndpoint: boolean;
  readonly accessLog: string | undefined;
  readonly outboundDiscoveryTimeout: string;
  readonly inboundDiscoveryTimeout: string;
  /** Whether the first bytes are waited for as long as it takes. */
  readonly waitsForOutboundProtocol: boolean;
  readonly waitsForInboundProtocol: boolean;
  /** Annotations that the node agent reads too and cannot use as they are, with what holds in their place. */
  readonly marksInForce: Readonly<Record<string, string>>;
  /** Annotations that were passed over, one sentence each. */
  readonly warnings: readonly string[];
};

/** The words of `default-inbound-policy`. */
export const INBOUND_POLICY: RegExp = /^((all|cluster)-(un)?authenticated|deny|audit)$/;

const MAX_ID = 0x7fff_ffff;
const SWITCH = /^(enabled|disabled|true|false)$/;
const TRUTH = /^(true|false)$/;
const LOG_FORMATS = ["plain", "json"] as const;
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"] as const;
/** An image's name without tag (OCI distribution, with the registry's port). */
const IMAGE_NAME = /^[a-z0-9][a-z0-9._/:-]{0,254}$/i;
const IMAGE_TAG = /^\w[\w.-]{0,127}$/;
/** What a log filter is made of; no blanks of other kinds, no `$`. */
const LOG_LEVEL = /^[\w:=,.*/ [\]{}-]{1,512}$/;
const DAY_SECONDS = 86_400;

/** Where the native sidecar was asked for before it was a setting; the first one wins. */
const OLDER_SIDECAR_KEYS = ["beta", "alpha"].map(
  (stage) => `config.${stage}.linkerd.io/proxy-enable-native-sidecar`,
);

/** Settings of one pod's proxy. */
export function settingsOf(
  values: InjectValues,
  from: { readonly pod: Marks; readonly namespace: Marks },
): Settings {
  const { proxy } = values;
  const reader = new MarkReader(from);
  const read = <T>(name: string, accepts: (text: string) => T | undefined): T | undefined =>
    reader.read(CONFIG + name, accepts);
  const on = (key: string): boolean | undefined => {
    const word = reader.read(key, matching(SWITCH));
    return word === undefined ? undefined : word === "enabled" || word === "true";
  };
  const isLeftOn = (name: string): boolean =>
    reader.read(BUNKERD_CONFIG + name, matching(/^(enabled|disabled)$/)) !== "disabled";
  const older = OLDER_SIDECAR_KEYS.map(on).find((each) => each !== undefined);
  const ports = readPorts(reader, proxy.ports);
  const uid = read("proxy-uid", within(1, MAX_ID)) ?? proxy.uid;
  const settings: Omit<Settings, "warnings"> = {
    ...proxy,
    image: readImage(read, proxy),
    ports,
    ...readResources(reader, proxy.resources),
    uid,
    gid: read("proxy-gid", within(0, MAX_ID)),
    captureProof: proxy.captureProof && isLeftOn("capture-proof"),
    trustWatch: isLeftOn("trust-watch"),
    ...readLog(read, proxy),
    defaultInboundPolicy:
      read("default-inbound-policy", matching(INBOUND_POLICY)) ?? proxy.defaultInboundPolicy,
    opaquePorts: annotation(OPAQUE_PORTS, from) ?? proxy.opaquePorts,
    requireIdentityPorts:
      reader.raw(`${CONFIG}proxy-require-identity-inbound-ports`) ??
      (proxy.requireIdentityOnInboundPorts || undefined),
    await: on(`${CONFIG}proxy-await`) ?? proxy.await,
    shutdownGracePeriod: read("shutdown-grace-period", duration) ?? proxy.shutdownGracePeriod,
    shutdownEndpoint: on(`${CONFIG}proxy-admin-shutdown`) ?? proxy.enableShutdownEndpoint,
    metrics: {
      hostnameLabels: on(`${CONFIG}proxy-metrics-hostname-labels`) ?? proxy.metrics.hostnameLabels,
    },
    tap: {
      ...proxy.tap,
      enabled: proxy.tap.enabled && reader.read(DISABLE_TAP, matching(TRUTH)) !== "true",
    },
    ingress: (from.pod?.[INJECT] || from.namespace?.[INJECT]) === "ingress",
    ...readTimeouts(read, { proxy, on }),
    nativeSidecar: on(`${CONFIG}proxy-enable-native-sidecar`) ?? older ?? proxy.nativeSidecar,
    waitBeforeExitSeconds:
      reader.read(
        "config.alpha.linkerd.io/proxy-wait-before-exit-seconds",
        within(0, DAY_SECONDS),
      ) ?? proxy.waitBeforeExitSeconds,
    marksInForce: readMarksInForce(reader, { uid, ports }),
  };
  tellWithoutEffect(reader, from);
  return { ...settings, warnings: reader.warnings };
}

type Read = <T>(name: string, accepts: (text: string) => T | undefined) => T | undefined;

const oneOf =
  <W extends string>(words: readonly W[]) =>
  (text: string): W | undefined =>
    words.find((word) => word === text);

/** A duration as Go writes it, in the proxy's own form: an integer and `ms`, `s`, `m`, `h` or `d`. */
function duration(text: string): string | undefined {
  if (/^\d{1,9}(ms|s|m|h|d)$/.test(text)) return text;
  const ms = parseGoDuration(text);
  return ms === undefined || ms > Number.MAX_SAFE_INTEGER ? undefined : `${Math.round(ms)}ms`;
}

function readImage(read: Read, { image }: ProxyValues): ProxyValues["image"] {
  return {
    name: read("proxy-image", matching(IMAGE_NAME)) ?? image.name,
    version: read("proxy-version", matching(IMAGE_TAG)) ?? image.version,
    pullPolicy: read("image-pull-policy", oneOf(PULL_POLICIES)) ?? image.pullPolicy,
  };
}

function readLog(
  read: Read,
  { logLevel, logFormat }: ProxyValues,
): Pick<Settings, "logLevel" | "logFormat" | "accessLog"> {
  const filter = (text: string): string | undefined =>
    LOG_LEVEL.test(text) && new LogFilter().set(text) === undefined ? text : undefined;
  return {
    logLevel: read("proxy-log-level", filter) ?? logLevel,
    logFormat: read("proxy-log-format", oneOf(LOG_FORMATS)) ?? logFormat,
    accessLog: read("access-log", matching(/^(apache|json)$/)),
  };
}

function readTimeouts(
  read: Read,
  how: { readonly proxy: ProxyValues; readonly on: (key: string) => boolean | undefined },
): Pick<
  Settings,
  | "outboundConnectTimeout"
  | "inboundConnectTimeout"
  | "outboundDiscoveryTimeout"
  | "inboundDiscoveryTimeout"
  | "waitsForOutboundProtocol"
  | "waitsForInboundProtocol"
> {
  const { proxy, on } = how;
  const discovery = (direction: string): string =>
    `proxy-${direction}-discovery-cache-unused-timeout`;
  const waits = (direction: string): boolean =>
    on(`${CONFIG}proxy-disable-${direction}-protocol-detect-timeout`) ?? false;
  return {
    outboundConnectTimeout:
      read("proxy-outbound-connect-timeout", duration) ?? proxy.outboundConnectTimeout,
    inboundConnectTimeout:
      read("proxy-inbound-connect-timeout", duration) ?? proxy.inboundConnectTimeout,
    outboundDiscoveryTimeout:
      read(discovery("outbound"), duration) ?? proxy.outboundDiscoveryCacheUnusedTimeout,
    inboundDiscoveryTimeout:
      read(discovery("inbound"), duration) ?? proxy.inboundDiscoveryCacheUnusedTimeout,
    waitsForOutboundProtocol: waits("outbound"),
    waitsForInboundProtocol: waits("inbound"),
  };
}
