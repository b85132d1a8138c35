/** What an installation consists of, with different values: what charts are compared with, and linters look at. */

import { certificatesIn, createCertificates } from "../../../deploy/certificates.ts";
import { renderCni } from "../../../deploy/cni.ts";
import { renderControlPlane } from "../../../deploy/control-plane.ts";
import { renderGatewayApi } from "../../../deploy/crds/gateway-api/render.ts";
import { renderCrds } from "../../../deploy/crds/render.ts";
import { type Group, isValue, type Schema } from "../../../deploy/values/kinds.ts";
import { createValues, HA, type Overrides, VALUES } from "../../../deploy/values.ts";
import type { KubeObject } from "../../../lib/k8s/types/meta.ts";
import { ofEachWebhook } from "../../../lib/k8s/webhooks.ts";

/** The version that is installed. */
export const VERSION = "1.2.3";

const made = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs: Date.now(),
});

/** Certificates as values. */
export const CERTIFICATE_VALUES: Overrides = {
  identityTrustAnchorsPEM: made.anchorsPem,
  identity: { issuer: { tls: { crtPEM: made.issuer.crtPem, keyPEM: made.issuer.keyPem } } },
  ...ofEachWebhook((key) => {
    const { crtPem, keyPem, caPem } = made[key];
    return { crtPEM: crtPem, keyPEM: keyPem, caBundle: caPem };
  }),
};

/** Values with certificates of all that they do not leave to others, and nothing of what is left to both. */
export function certified(overrides: Overrides): Overrides {
  const { externalCA, issuer } = overrides.identity ?? {};
  const isIssuerLeft = externalCA === true && issuer?.scheme === "kubernetes.io/tls";
  const authority: Overrides = {
    identityTrustAnchorsPEM: externalCA === true ? "" : made.anchorsPem,
    ...(!isIssuerLeft && { identity: CERTIFICATE_VALUES.identity ?? {} }),
  };
  const serving: Overrides = ofEachWebhook((key) => {
    const { crtPem: crtPEM, keyPem: keyPEM, caPem: caBundle } = made[key];
    const { externalSecret, injectCaFrom, injectCaFromSecret } = overrides[key] ?? {};
    const none = { crtPEM: "", keyPEM: "", caBundle: "", injectCaFrom: "", injectCaFromSecret: "" };
    if (externalSecret !== true) return { ...none, crtPEM, keyPEM, caBundle };
    if (injectCaFrom) return { ...none, injectCaFrom };
    return injectCaFromSecret ? { ...none, injectCaFromSecret } : { ...none, caBundle };
  });
  return merged(merged(overrides, authority), serving);
}

/** The parts of an installation, as the command line prints them. */
export interface Rendered {
  readonly crds: readonly KubeObject[];
  readonly cni: readonly KubeObject[];
  readonly controlPlane: readonly KubeObject[];
}

/** Renders all of it. The values must have certificates. */
export function rendered(overrides: Overrides): Rendered {
  const values = createValues(VERSION, overrides);
  const { own, serving } = certificatesIn(values);
  const certificates = createCertificates({
    namespace: values.namespace,
    trustDomain: values.identityTrustDomain,
    nowMs: Date.now(),
    serving,
  });
  const gateway = values.installGatewayAPI ? renderGatewayApi("standard") : [];
  return {
    crds: [...renderCrds(values.namespace), ...gateway],
    cni: renderCni(values),
    controlPlane: renderControlPlane(values, {
      ...certificates,
      ...{ anchorsPem: own.anchorsPem ?? "", issuer: own.issuer },
    }),
  };
}

/** Values by hand: what users set together. */
export const SETS: Readonly<Record<string, Overrides>> = {
  defaults: {},
  ha: HA,
  monitored: { podMonitor: { enabled: true, labels: { release: "prometheus" } } },
  "closed to others": {
    networkPolicy: { webhookSources: ["10.0.0.1/32"], adminSources: ["10.1.0.0/16", "fd00::/8"] },
    proxy: { defaultInboundPolicy: "deny", requireIdentityOnInboundPorts: "80" },
  },
  marked: {
    commonLabels: { team: "mesh", tier: "infra" },
    podLabels: { team: "pods", "linkerd.io/control-plane-component": "other" },
    podAnnotations: { note: "a: {{ b }}", "linkerd.io/inject": "disabled" },
    nodeSelector: { disk: "ssd" },
    tolerations: [{ key: "mesh", operator: "Exists" }],
    imagePullSecrets: [{ name: "registry" }, { name: "other" }],
  },
  "ordinary containers": {
    ...HA,
    proxy: {
      nativeSidecar: false,
      waitBeforeExitSeconds: 600,
      shutdownGracePeriod: "1m",
      captureProof: false,
      resources: { memory: { limit: "1Gi" } },
    },
  },
  traced: {
    proxy: {
      tracing: {
        enabled: true,
        labels: { "a.b": "%s {{ c }}", "k8s.pod.uid": "x" },
        collector: {
          endpoint: "collector.tracing:4317",
          meshIdentity: { serviceAccountName: "collector", namespace: "tracing" },
        },
      },
      tap: { enabled: true },
    },
  },
  "traced beside": {
    proxy: {
      tracing: { enabled: true, traceServiceName: "", collector: { endpoint: "localhost:4317" } },
    },
  },
  "cert-manager's issuer": {
    identity: { issuer: { scheme: "kubernetes.io/tls", issuanceLifetime: "1h30m" } },
  },
  "others' certificates": {
    identity: { externalCA: true, issuer: { scheme: "kubernetes.io/tls" } },
    proxyInjector: { externalSecret: true, injectCaFrom: "linkerd/linkerd-proxy-injector" },
    policyValidator: { externalSecret: true, injectCaFromSecret: "linkerd/ca" },
    profileValidator: { externalSecret: true, caBundle: made.profileValidator.caPem },
  },
  privileged: {
    cni: { privileged: true, updateStrategy: { type: "OnDelete" }, tolerations: [] },
    proxyInit: { ignoreInboundPorts: "", skipSubnets: "10.0.0.0/8" },
  },
  "gateway api": { installGatewayAPI: true },
};

type Tree = Readonly<Record<string, unknown>>;

/** Values over others. */
export function merged(under: Overrides, over: Overrides): Overrides {
  return joined(under as Tree, over as Tree) as Overrides;
}

function joined(under: Tree, over: Tree): Tree {
  const result: Record<string, unknown> = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const below = result[name];
    const both = [below, value].every(
      (each) => typeof each === "object" && each !== null && !Array.isArray(each),
    );
    result[name] = both ? joined(below as Tree, value as Tree) : value;
  }
  return result;
}

/** Values of every kind, chosen by `random`. */
export function anyValues(random: () => number): Overrides {
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  const walk = (group: Group): Record<string, unknown> => {
    const chosen: Record<string, unknown> = {};
    for (const [name, node] of Object.entries(group)) {
      if (isValue(node)) {
        const value = pick(alternatives(node.schema).filter((each) => node.accepts(each)));
        if (value !== undefined && random() < 0.5) chosen[name] = value;
      } else chosen[name] = walk(node);
    }
    return chosen;
  };
  return walk(VALUES) as Overrides;
}

/** Values that may fit a schema; who asks sorts out those that do not. */
function alternatives(schema: Schema): readonly unknown[] {
  if (Array.isArray(schema["enum"])) return schema["enum"];
  switch (schema["type"]) {
    case "boolean":
      return [true, false];
    case "integer":
      return [0, 1, 7, 4242, 1_000_730_000];
    case "array":
      return [[], ["10.0.0.0/8"], [{ name: "a", key: "k", operator: "Exists" }]];
    case "object":
      return [{}, { a: "b", "x.io/y": "<&>" }];
    default:
      return [
        "",
        "5s",
        "1h0m30s",
        "8080",
        "25,80-90",
        "100m",
        "deny",
        "/opt/x",
        "some-text",
        "25%",
        3,
      ];
  }
}
