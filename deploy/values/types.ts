/** The shape of the values: Linkerd's names. What each of them is by default, and may be, its specification says. */

import type { Resources } from "../../controller/injector/values.ts";

/** Labels or annotations. */
export type Marks = Readonly<Record<string, string>>;

/** A taint that pods bear. */
export type Toleration = {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
};

/** A requirement of a label selector. */
export type Requirement = {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
};

type Selector = { readonly matchExpressions: readonly Requirement[] };

/** What all webhooks have. */
type WebhookValues = {
  readonly namespaceSelector: Selector;
  readonly externalSecret: boolean;
  readonly crtPEM: string;
  readonly keyPEM: string;
  readonly caBundle: string;
  readonly injectCaFrom: string;
  readonly injectCaFromSecret: string;
};

/** Values of the node agent. */
export type CniValues = {
  readonly namespace: string;
  readonly redirect: "auto" | "ebpf" | "nft" | "iptables";
  readonly logLevel: string;
  readonly logFormat: "plain" | "json";
  readonly destCNIBinDir: string;
  readonly destCNINetDir: string;
  readonly priorityClassName: string;
  readonly tolerations: readonly Toleration[];
  readonly resources: Resources;
  readonly podLabels: Marks;
  readonly podAnnotations: Marks;
  readonly updateStrategy: {
    readonly type: "RollingUpdate" | "OnDelete";
    readonly rollingUpdate: { readonly maxUnavailable: number | string };
  };
  readonly privileged: boolean;
};

/** What the node agent leaves alone: lists apart by commas. */
export type ProxyInitValues = {
  readonly ignoreInboundPorts: string;
  readonly ignoreOutboundPorts: string;
  readonly kubeAPIServerPorts: string;
  readonly skipSubnets: string;
};

/** Values of the control plane alone. */
export type ControllerValues = {
  readonly identityTrustAnchorsPEM: string;
  readonly controllerImage: string;
  readonly controllerImageVersion: string;
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly controllerReplicas: number;
  readonly controllerLogLevel: string;
  readonly controllerLogFormat: "plain" | "json";
  readonly controllerUID: number;
  readonly controllerResources: Resources;
  readonly enablePodAntiAffinity: boolean;
  readonly enablePodDisruptionBudget: boolean;
  readonly controller: { readonly podDisruptionBudget: { readonly maxUnavailable: number } };
  readonly deploymentStrategy: {
    readonly rollingUpdate: {
      readonly maxUnavailable: number | string;
      readonly maxSurge: number | string;
    };
  };
  readonly revisionHistoryLimit: number;
  readonly priorityClassName: string;
  readonly runtimeClassName: string;
  readonly nodeSelector: Marks;
  readonly tolerations: readonly Toleration[];
  readonly podAnnotations: Marks;
  readonly podLabels: Marks;
  readonly commonLabels: Marks;
  readonly identity: {
    readonly externalCA: boolean;
    readonly issuer: {
      readonly scheme: "linkerd.io/tls" | "kubernetes.io/tls";
      readonly clockSkewAllowance: string;
      readonly issuanceLifetime: string;
      readonly tls: { readonly crtPEM: string; readonly keyPEM: string };
    };
  };
  readonly egress: { readonly globalEgressNetworkNamespace: string };
  readonly policyController: { readonly probeNetworks: readonly string[] };
  readonly enableH2Upgrade: boolean;
  readonly disableIPv6: boolean;
  readonly webhookFailurePolicy: "Ignore" | "Fail";
  readonly proxyInjector: WebhookValues & {
    readonly timeoutSeconds: number;
    readonly objectSelector: Selector;
  };
  readonly policyValidator: WebhookValues;
  readonly profileValidator: WebhookValues;
  readonly networkPolicy: {
    readonly enabled: boolean;
    readonly webhookSources: readonly string[];
    readonly adminSources: readonly string[];
  };
  readonly podMonitor: {
    readonly enabled: boolean;
    readonly scrapeInterval: string;
    readonly scrapeTimeout: string;
    readonly labels: Marks;
    readonly controller: { readonly enabled: boolean };
    readonly proxy: { readonly enabled: boolean };
  };
  readonly installGatewayAPI: boolean;
};
