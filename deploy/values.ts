/** The values of an installation: Linkerd's names, Bunkerd's defaults, and what users set over them. */

import type { InjectValues, Resources } from "../controller/injector/values.ts";
import { IMAGE } from "./image/environment.ts";

/** How pods are redirected on a node. */
export const REDIRECTS = ["auto", "ebpf", "nft", "iptables"] as const;

/** Everything that the manifests are made of. `values` of ConfigMap linkerd-config holds the same as JSON. */
export type Values = InjectValues & {
  /** The image of controllers and node agent, without its tag. */
  readonly controllerImage: string;
  readonly controllerImageVersion: string;
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  readonly controllerReplicas: number;
  readonly controllerLogLevel: string;
  readonly controllerLogFormat: "plain" | "json";
  readonly controllerUID: number;
  /** Of each controller; its proxy has those of all proxies. */
  readonly controllerResources: Resources;
  /** Whether replicas must be on nodes of their own. */
  readonly enablePodAntiAffinity: boolean;
  readonly enablePodDisruptionBudget: boolean;
  readonly controller: { readonly podDisruptionBudget: { readonly maxUnavailable: number } };
  /** Priority class of the control plane's pods; empty for the default one. */
  readonly priorityClassName: string;
  readonly identity: {
    readonly issuer: {
      readonly scheme: "linkerd.io/tls" | "kubernetes.io/tls";
      /** Durations: an integer and a unit. */
      readonly clockSkewAllowance: string;
      readonly issuanceLifetime: string;
    };
  };
  readonly policyController: { readonly probeNetworks: readonly string[] };
  readonly webhookFailurePolicy: "Ignore" | "Fail";
  readonly cni: {
    readonly namespace: string;
    readonly redirect: (typeof REDIRECTS)[number];
    readonly logLevel: string;
    readonly destCNIBinDir: string;
    readonly destCNINetDir: string;
    readonly priorityClassName: string;
    /** Lets the agent mount a bpffs where the node has none; without one such a node redirects by nft. */
    readonly privileged: boolean;
  };
};

/** Values with any part left out. */
export type Overrides<T = Values> = {
  readonly [Key in keyof T]?: T[Key] extends readonly unknown[] | string | number | boolean
    ? T[Key]
    : Overrides<T[Key]>;
};

/**
 * What `--ha` sets: replicas on nodes of their own, never two of them away at once, no pod unmeshed by mistake, and
 * room to work in.
 */
export const HA: Overrides = {
  controllerReplicas: 3,
  webhookFailurePolicy: "Fail",
  enablePodAntiAffinity: true,
  enablePodDisruptionBudget: true,
  controllerResources: {
    cpu: { request: "100m" },
    memory: { request: "100Mi", limit: "500Mi" },
  },
  proxy: {
    resources: { cpu: { request: "100m" }, memory: { request: "64Mi", limit: "250Mi" } },
  },
};

/** The defaults for a version with overrides on top. Throws where an override names nothing or cannot be used. */
export function createValues(version: string, overrides: Overrides = {}): Values {
  const values = overlay(defaults(version), overrides, "");
  const errors = validateValues(values);
  if (errors.length > 0) throw new Error(`Cannot use values: ${errors.join("; ")}`);
  return values;
}

/** What makes values differ from the defaults of their version: with it they can be made again for another one. */
export function overridesIn(values: Values): Overrides {
  return (difference(defaults(values.linkerdVersion), values) ?? {}) as Overrides;
}

/** The part of `values` that is not as in `base`; undefined where all is. Both have one shape. */
function difference(base: unknown, values: unknown): unknown {
  if (typeof base !== "object" || base === null || Array.isArray(base))
    return Bun.deepEquals(base, values) ? undefined : values;
  const other = values as Readonly<Record<string, unknown>>;
  const parts = Object.entries(base)
    .map(([key, each]) => [key, difference(each, other[key])] as const)
    .filter(([, part]) => part !== undefined);
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}

function defaults(version: string): Values {
  const quantity = { request: "", limit: "" };
  return {
    linkerdVersion: version,
    namespace: "linkerd",
    clusterDomain: "cluster.local",
    identityTrustDomain: "cluster.local",
    clusterNetworks: "10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8",
    controllerImage: IMAGE,
    controllerImageVersion: version,
    imagePullPolicy: "IfNotPresent",
    controllerReplicas: 1,
    controllerLogLevel: "info",
    controllerLogFormat: "plain",
    controllerUID: 2103,
    controllerResources: { cpu: quantity, memory: quantity },
    enablePodAntiAffinity: false,
    enablePodDisruptionBudget: false,
    controller: { podDisruptionBudget: { maxUnavailable: 1 } },
    priorityClassName: "",
    identity: {
      issuer: {
        scheme: "linkerd.io/tls",
        clockSkewAllowance: "20s",
        issuanceLifetime: "24h",
      },
    },
    policyController: { probeNetworks: ["0.0.0.0/0", "::/0"] },
    webhookFailurePolicy: "Ignore",
    proxy: {
      image: { name: IMAGE, version, pullPolicy: "IfNotPresent" },
      logLevel: "warn,linkerd=info,hickory=error",
      logFormat: "plain",
      ports: { admin: 4191, control: 4190, inbound: 4143, outbound: 4140 },
      resources: { cpu: quantity, memory: quantity },
      uid: 2102,
      defaultInboundPolicy: "all-unauthenticated",
      opaquePorts: "25,587,3306,4444,5432,6379,9300,11211",
      await: true,
      shutdownGracePeriod: "",
      captureProof: true,
    },
    cni: {
      namespace: "linkerd-cni",
      redirect: "auto",
      logLevel: "info",
      destCNIBinDir: "/opt/cni/bin",
      destCNINetDir: "/etc/cni/net.d",
      priorityClassName: "system-node-critical",
      privileged: false,
    },
  };
}

/** `base` with what `over` gives; both have one shape. Throws on a name or a type that `base` does not have. */
function overlay<T>(base: T, over: unknown, path: string): T {
  if (over === undefined) return base;
  if (typeof base !== typeof over || Array.isArray(base) !== Array.isArray(over) || over === null)
    throw new Error(`Cannot use values: ${path} must be a ${kindOf(base)}`);
  if (typeof base !== "object" || Array.isArray(base)) return over as T;
  const result = { ...base } as Record<string, unknown>;
  for (const [key, value] of Object.entries(over as object)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (!Object.hasOwn(result, key)) throw new Error(`Cannot use values: ${at} is not known`);
    result[key] = overlay(result[key], value, at);
  }
  return result as T;
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? "list" : typeof value);

const POLICY = /^((all|cluster)-(un)?authenticated|deny|audit)$/;
const DURATION = /^(\d+(ms|s|m|h))+$/;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];

/** What is wrong with values, one sentence each; empty where they can be used. */
export function validateValues(values: Values): readonly string[] {
  const { proxy, identity, cni } = values;
  const checks: readonly (readonly [boolean, string])[] = [
    [DNS_LABEL.test(values.namespace), `namespace cannot be "${values.namespace}"`],
    [DNS_LABEL.test(cni.namespace), `cni.namespace cannot be "${cni.namespace}"`],
    [values.clusterDomain !== "", "clusterDomain is empty"],
    [values.identityTrustDomain !== "", "identityTrustDomain is empty"],
    [
      Number.isInteger(values.controllerReplicas) && values.controllerReplicas > 0,
      "controllerReplicas must be 1 or more",
    ],
    [
      POLICY.test(proxy.defaultInboundPolicy),
      `proxy.defaultInboundPolicy cannot be "${proxy.defaultInboundPolicy}"`,
    ],
    [
      DURATION.test(identity.issuer.issuanceLifetime),
      "identity.issuer.issuanceLifetime is no duration",
    ],
    [
      DURATION.test(identity.issuer.clockSkewAllowance),
      "identity.issuer.clockSkewAllowance is no duration",
    ],
    [PULL_POLICIES.includes(values.imagePullPolicy), "imagePullPolicy is not known"],
    [PULL_POLICIES.includes(proxy.image.pullPolicy), "proxy.image.pullPolicy is not known"],
    [REDIRECTS.includes(cni.redirect), `cni.redirect must be one of ${REDIRECTS.join(", ")}`],
    [
      ["Ignore", "Fail"].includes(values.webhookFailurePolicy),
      "webhookFailurePolicy must be Ignore or Fail",
    ],
    [proxy.uid > 0 && values.controllerUID > 0, "proxy.uid and controllerUID must not be root"],
    [
      proxy.uid !== values.controllerUID,
      "controllerUID must not be proxy.uid: the proxy's own traffic is not redirected",
    ],
  ];
  return checks.flatMap(([holds, message]) => (holds ? [] : [message]));
}
