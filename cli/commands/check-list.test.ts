import { expect, test } from "bun:test";
import { ALL_CATEGORIES } from "./check.ts";

/** The checks of Linkerd's command line that concern control plane, data plane and CNI: category, description, anchor, F for fatal, W for warning. */
const LINKERD = `
kubernetes-api | can initialize the client | k8s-api | F
kubernetes-api | can query the Kubernetes API | k8s-api | F
kubernetes-version | is running the minimum Kubernetes API version | k8s-version | -
gateway-api-crd | Gateway API CRDs are installed | gateway-api-crd | F
pre-kubernetes-setup | control plane namespace does not already exist | pre-ns | -
pre-kubernetes-setup | can create non-namespaced resources | pre-k8s-cluster-k8s | -
pre-kubernetes-setup | can create ServiceAccounts | pre-k8s | -
pre-kubernetes-setup | can create Services | pre-k8s | -
pre-kubernetes-setup | can create Deployments | pre-k8s | -
pre-kubernetes-setup | can create CronJobs | pre-k8s | -
pre-kubernetes-setup | can create ConfigMaps | pre-k8s | -
pre-kubernetes-setup | can create Secrets | pre-k8s | -
pre-kubernetes-setup | can read Secrets | pre-k8s | -
pre-kubernetes-setup | can read extension-apiserver-authentication configmap | pre-k8s | -
pre-kubernetes-setup | no clock skew detected | pre-k8s-clock-skew | W
linkerd-crd | control plane CustomResourceDefinitions exist | l5d-existence-crd | F
linkerd-existence | 'linkerd-config' config map exists | l5d-existence-linkerd-config | F
linkerd-existence | heartbeat ServiceAccount exist | l5d-existence-sa | F
linkerd-existence | control plane replica sets are ready | l5d-existence-replicasets | F
linkerd-existence | no unschedulable pods | l5d-existence-unschedulable-pods | W
linkerd-existence | control plane pods are ready | l5d-api-control-ready | F
linkerd-existence | cluster networks contains all node podCIDRs | l5d-cluster-networks-cidr | -
linkerd-existence | cluster networks contains all pods | l5d-cluster-networks-pods | -
linkerd-existence | cluster networks contains all services | l5d-cluster-networks-pods | -
linkerd-config | control plane Namespace exists | l5d-existence-ns | F
linkerd-config | control plane ClusterRoles exist | l5d-existence-cr | F
linkerd-config | control plane ClusterRoleBindings exist | l5d-existence-crb | F
linkerd-config | control plane ServiceAccounts exist | l5d-existence-sa | F
linkerd-config | control plane CustomResourceDefinitions exist | l5d-existence-crd | F
linkerd-config | control plane MutatingWebhookConfigurations exist | l5d-existence-mwc | F
linkerd-config | control plane ValidatingWebhookConfigurations exist | l5d-existence-vwc | F
linkerd-config | proxy-init container runs as root user if docker container runtime is used | l5d-proxy-init-run-as-root | -
linkerd-cni-plugin | cni plugin ConfigMap exists | cni-plugin-cm-exists | F
linkerd-cni-plugin | cni plugin ClusterRole exists | cni-plugin-cr-exists | F
linkerd-cni-plugin | cni plugin ClusterRoleBinding exists | cni-plugin-crb-exists | F
linkerd-cni-plugin | cni plugin ServiceAccount exists | cni-plugin-sa-exists | F
linkerd-cni-plugin | cni plugin DaemonSet exists | cni-plugin-ds-exists | F
linkerd-cni-plugin | cni plugin pod is running on all nodes | cni-plugin-ready | F
linkerd-identity | certificate config is valid | l5d-identity-cert-config-valid | F
linkerd-identity | trust anchors are using supported crypto algorithm | l5d-identity-trustAnchors-use-supported-crypto | F
linkerd-identity | trust anchors are within their validity period | l5d-identity-trustAnchors-are-time-valid | F
linkerd-identity | trust anchors are valid for at least 60 days | l5d-identity-trustAnchors-not-expiring-soon | W
linkerd-identity | issuer cert is using supported crypto algorithm | l5d-identity-issuer-cert-uses-supported-crypto | F
linkerd-identity | issuer cert is within its validity period | l5d-identity-issuer-cert-is-time-valid | F
linkerd-identity | issuer cert is valid for at least 60 days | l5d-identity-issuer-cert-not-expiring-soon | W
linkerd-identity | issuer cert is issued by the trust anchor | l5d-identity-issuer-cert-issued-by-trust-anchor | -
linkerd-webhooks-and-apisvc-tls | proxy-injector webhook has valid cert | l5d-proxy-injector-webhook-cert-valid | F
linkerd-webhooks-and-apisvc-tls | proxy-injector cert is valid for at least 60 days | l5d-proxy-injector-webhook-cert-not-expiring-soon | W
linkerd-webhooks-and-apisvc-tls | sp-validator webhook has valid cert | l5d-sp-validator-webhook-cert-valid | F
linkerd-webhooks-and-apisvc-tls | sp-validator cert is valid for at least 60 days | l5d-sp-validator-webhook-cert-not-expiring-soon | W
linkerd-webhooks-and-apisvc-tls | policy-validator webhook has valid cert | l5d-policy-validator-webhook-cert-valid | F
linkerd-webhooks-and-apisvc-tls | policy-validator cert is valid for at least 60 days | l5d-policy-validator-webhook-cert-not-expiring-soon | W
linkerd-identity-data-plane | data plane proxies certificate match CA | l5d-identity-data-plane-proxies-certs-match-ca | W
linkerd-version | can determine the latest version | l5d-version-latest | W
linkerd-version | cli is up-to-date | l5d-version-cli | W
control-plane-version | can retrieve the control plane version | l5d-version-control | F
control-plane-version | control plane is up-to-date | l5d-version-control | W
control-plane-version | control plane and cli versions match | l5d-version-control | W
linkerd-control-plane-proxy | control plane proxies are healthy | l5d-cp-proxy-healthy | F
linkerd-control-plane-proxy | control plane proxies are up-to-date | l5d-cp-proxy-version | W
linkerd-control-plane-proxy | control plane proxies and cli versions match | l5d-cp-proxy-cli-version | W
linkerd-data-plane | data plane namespace exists | l5d-data-plane-exists | F
linkerd-data-plane | data plane proxies are ready | l5d-data-plane-ready | F
linkerd-data-plane | data plane is up-to-date | l5d-data-plane-version | W
linkerd-data-plane | data plane and cli versions match | l5d-data-plane-cli-version | W
linkerd-data-plane | data plane pod labels are configured correctly | l5d-data-plane-pod-labels | W
linkerd-data-plane | data plane service labels are configured correctly | l5d-data-plane-services-labels | W
linkerd-data-plane | data plane service annotations are configured correctly | l5d-data-plane-services-annotations | W
linkerd-opaque-ports-definition | opaque ports are properly annotated | linkerd-opaque-ports-definition | W
linkerd-ha-checks | multiple replicas of control plane pods | l5d-control-plane-replicas | W
linkerd-extension-checks | namespace configuration for extensions | l5d-extension-namespaces | W
`
  .trim()
  .split("\n")
  .map((line) => line.split(" | "));

/** Checks that are not asked here, and why. */
const NOT_HERE: Readonly<Record<string, string>> = {
  "Gateway API CRDs are installed": "routes are not read in this version",
  "heartbeat ServiceAccount exist": "there is no heartbeat",
  "proxy-init container runs as root user if docker container runtime is used":
    "there is no init container",
  "cni plugin ConfigMap exists": "the node agent is configured by its arguments",
  "can determine the latest version": "nobody is asked over the internet; see --expected-version",
};
/** Checks that Linkerd does not have. */
const OURS = ["data plane proxies have valid certificates"];

const all = ALL_CATEGORIES.flatMap(({ name, checks }) =>
  checks.map((check) => ({ name, ...check })),
);

test.each(LINKERD)("%s: %s", (category, description, anchor, severity) => {
  const found = all.filter((each) => each.name === category && each.description === description);
  if (NOT_HERE[description ?? ""]) {
    expect(found).toEqual([]);
    return;
  }
  expect(found.map((each) => each.anchor)).toEqual([anchor as string]);
  const letter = { fatal: "F", warning: "W", error: "-" }[found[0]?.severity ?? "error"];
  expect(letter).toBe(severity as string);
});

test("what is asked beyond Linkerd's is listed", () => {
  const names = LINKERD.map(([, description]) => description);
  expect(all.map(({ description }) => description).filter((each) => !names.includes(each))).toEqual(
    OURS,
  );
});
