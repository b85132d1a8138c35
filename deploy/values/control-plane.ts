/** Values of the control plane. */

import type { InjectValues } from "../../controller/injector/values.ts";
import { IMAGE } from "../image/environment.ts";
import {
  choice,
  flag,
  integer,
  labels,
  objects,
  type SpecificationOf,
  share,
  text,
  texts,
  type Value,
  version,
} from "./kinds.ts";
import { DNS_LABEL, DURATION, FILLED, logFormat, PEM, pullPolicy, resources } from "./shared.ts";
import type { ControllerValues, Requirement, Toleration } from "./types.ts";

const requirements = (
  whose: string,
  initial: readonly Requirement[],
): Value<readonly Requirement[]> =>
  objects<Requirement>(`Which ${whose} the webhook looks at`, {
    initial,
    required: ["key", "operator"],
  });

/** What a webhook serves with, where it is the user's own or others', as cert-manager's, to write. */
const serving = (webhook: string) => ({
  externalSecret: flag(
    `Whether others write the Secret of ${webhook}; its CA is caBundle, or injected`,
    false,
  ),
  crtPEM: text(`Certificate of ${webhook}; made anew where it, its key or its CA is empty`, PEM),
  keyPEM: text(`Key of ${webhook}`, PEM),
  caBundle: text(`The CA that the API server verifies ${webhook} by`, PEM),
  injectCaFrom: text(
    `Certificate, as NAMESPACE/NAME, whose CA cert-manager gives to the API server for ${webhook}`,
  ),
  injectCaFromSecret: text(
    `Secret, as NAMESPACE/NAME, whose CA cert-manager gives to the API server for ${webhook}`,
  ),
});

const NOT_DISABLED: Requirement = {
  key: "config.linkerd.io/admission-webhooks",
  operator: "NotIn",
  values: ["disabled"],
};

const validator = (what: string) => ({
  namespaceSelector: {
    matchExpressions: requirements("namespaces", [NOT_DISABLED]),
  },
  ...serving(`the webhook for ${what}`),
});

const DURATION_OF_PROMETHEUS = { pattern: /^\d+(ms|s|m|h)$/, no: "duration" };

/** Of the whole mesh, and of each part of the control plane. */
export const CONTROL_PLANE: SpecificationOf<Omit<InjectValues, "proxy"> & ControllerValues> = {
  linkerdVersion: version("Version that is installed"),
  namespace: text("Namespace of the control plane", { ...DNS_LABEL, initial: "linkerd" }),
  clusterDomain: text("Kubernetes' cluster domain", { ...FILLED, initial: "cluster.local" }),
  identityTrustDomain: text("Domain of the identities of workloads", {
    ...FILLED,
    initial: "cluster.local",
  }),
  identityTrustAnchorsPEM: text("Trust anchors; made anew by the command line where empty", PEM),
  clusterNetworks: text("Networks of the cluster, apart by commas", {
    initial: "10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8",
  }),
  controllerImage: text("Image of controllers and node agent, without its tag", {
    ...FILLED,
    initial: IMAGE,
  }),
  controllerImageVersion: version("Tag of that image"),
  imagePullPolicy: pullPolicy("controllers and node agent"),
  imagePullSecrets: objects<{ readonly name: string }>("Secrets that images are pulled with", {
    required: ["name"],
  }),
  controllerReplicas: integer("Replicas of each controller", { initial: 1, minimum: 1 }),
  controllerLogLevel: text("Log level of controllers", { ...FILLED, initial: "info" }),
  controllerLogFormat: logFormat("controllers"),
  controllerUID: integer("User that controllers run as", { initial: 2103, minimum: 1 }),
  controllerResources: resources("each controller; its proxy has those of all proxies"),
  enablePodAntiAffinity: flag("Whether replicas must be on nodes of their own", false),
  enablePodDisruptionBudget: flag("Whether budgets limit how many replicas are drained", false),
  controller: {
    podDisruptionBudget: {
      maxUnavailable: integer("How many replicas may be drained at once", { initial: 1 }),
    },
  },
  deploymentStrategy: {
    rollingUpdate: {
      maxUnavailable: share("How many replicas may be away while new ones come", "25%"),
      maxSurge: share("How many replicas may be there too many meanwhile", "25%"),
    },
  },
  revisionHistoryLimit: integer("How many earlier ReplicaSets are kept", { initial: 10 }),
  priorityClassName: text("Priority class of the control plane's pods; empty for the default one"),
  runtimeClassName: text("Runtime class of the control plane's pods; empty for the default one"),
  nodeSelector: labels("Labels of nodes that the control plane runs on", {
    "kubernetes.io/os": "linux",
  }),
  tolerations: objects<Toleration>("Taints that the control plane's pods bear"),
  podAnnotations: labels("Annotations of the control plane's pods"),
  podLabels: labels("Labels of the control plane's pods"),
  commonLabels: labels("Labels of all objects"),
  identity: {
    externalCA: flag(
      "Whether others, as trust-manager, write ConfigMap linkerd-identity-trust-roots",
      false,
    ),
    issuer: {
      scheme: choice(
        "Form of the issuer's Secret; with kubernetes.io/tls others, as cert-manager, write it unless its certificate is given",
        ["linkerd.io/tls", "kubernetes.io/tls"],
      ),
      clockSkewAllowance: text("How far clocks may differ", { ...DURATION, initial: "20s" }),
      issuanceLifetime: text("How long certificates hold", { ...DURATION, initial: "24h" }),
      tls: {
        crtPEM: text("The issuer's certificate; with the anchors and its key", PEM),
        keyPEM: text("The issuer's key", PEM),
      },
    },
  },
  egress: {
    globalEgressNetworkNamespace: text("Whose EgressNetworks hold for namespaces without one", {
      ...DNS_LABEL,
      initial: "linkerd-egress",
    }),
  },
  policyController: {
    probeNetworks: texts("Networks that kubelets probe from", ["0.0.0.0/0", "::/0"]),
  },
  enableH2Upgrade: flag("Whether HTTP/1 between proxies goes over HTTP/2", true),
  disableIPv6: flag(
    "Whether Services of both families are reached by IPv4; proxies take connections of both always",
    false,
  ),
  webhookFailurePolicy: choice(
    "What becomes of pods, policies and ServiceProfiles while nobody serves their webhook",
    ["Ignore", "Fail"],
  ),
  proxyInjector: {
    timeoutSeconds: integer("How long the API server waits for the webhook", {
      initial: 10,
      minimum: 1,
      maximum: 30,
    }),
    namespaceSelector: {
      matchExpressions: requirements("namespaces", [
        NOT_DISABLED,
        {
          key: "kubernetes.io/metadata.name",
          operator: "NotIn",
          values: ["kube-system", "cert-manager"],
        },
      ]),
    },
    objectSelector: {
      matchExpressions: requirements("pods and Services", [
        { key: "linkerd.io/control-plane-component", operator: "DoesNotExist" },
        { key: "linkerd.io/cni-resource", operator: "DoesNotExist" },
      ]),
    },
    ...serving("the injector's webhook"),
  },
  policyValidator: validator("policy"),
  profileValidator: validator("ServiceProfiles"),
  networkPolicy: {
    enabled: flag("Whether the control plane's pods take connections on their ports only", true),
    webhookSources: texts(
      "Networks that call webhooks; empty for all, as the API server may be anywhere",
      [],
    ),
    adminSources: texts("Networks that probe and scrape controllers; empty for all", []),
  },
  podMonitor: {
    enabled: flag("Whether the Prometheus operator is told to scrape the mesh", false),
    scrapeInterval: text("How often", { ...DURATION_OF_PROMETHEUS, initial: "10s" }),
    scrapeTimeout: text("How long one may take", { ...DURATION_OF_PROMETHEUS, initial: "10s" }),
    labels: labels("Labels by which the operator selects PodMonitors"),
    controller: { enabled: flag("Whether controllers are scraped", true) },
    proxy: { enabled: flag("Whether proxies are scraped", true) },
  },
  installGatewayAPI: flag(
    "Whether `install --crds` has the Gateway API's definitions too, of the standard channel",
    false,
  ),
};
