/** Where the hints of checks are, and how each finding is mended in one sentence; docs/troubleshooting.md says more by the same anchors. */

/** Linkerd's page: its fragments are part of what scripts read. */
const PAGE = "https://linkerd.io/2/checks/#";

/** A hint for what is well. */
export const NO_HINT = { hint: "", mend: "" } as const;

const DESTINATION_RENEWS =
  "Wait: the destination controller renews it. If it is your own, give another one to bunkerd upgrade; else look at the log of linkerd-destination.";

/** How it is mended, by anchor. */
export const MENDING: Readonly<Record<string, string>> = {
  "k8s-api": "Check that kubectl version works with the same kubeconfig and context.",
  "k8s-version": "Upgrade Kubernetes first.",
  "pre-ns": "Choose another namespace with -L, or take the old one away with bunkerd uninstall.",
  "pre-k8s-cluster-k8s": "Ask a cluster administrator to install, or for these rights.",
  "pre-k8s": "Ask a cluster administrator to install, or for these rights.",
  "pre-k8s-clock-skew": "Keep the clocks of nodes in step by NTP.",
  "l5d-existence-crd": "Run bunkerd install --crds | kubectl apply -f -",
  "l5d-existence-linkerd-config":
    "Run bunkerd install | kubectl apply -f -, or name the right namespace with -L.",
  "l5d-existence-replicasets":
    "Look at the ReplicaSet with kubectl describe: quotas and admission refuse pods there.",
  "l5d-existence-unschedulable-pods":
    "Give the nodes room, or change nodeSelector and tolerations.",
  "l5d-api-control-ready": "Look at the pod with kubectl describe and kubectl logs.",
  "l5d-cluster-networks-cidr":
    "Add the network: bunkerd upgrade --set clusterNetworks=NETWORKS | kubectl apply -f -",
  "l5d-cluster-networks-pods":
    "Add the network: bunkerd upgrade --set clusterNetworks=NETWORKS | kubectl apply -f -",
  "l5d-existence-ns":
    "Run bunkerd install | kubectl apply -f -, or name the right namespace with -L.",
  "l5d-existence-cr": "Run bunkerd upgrade | kubectl apply -f -",
  "l5d-existence-crb": "Run bunkerd upgrade | kubectl apply -f -",
  "l5d-existence-sa": "Run bunkerd upgrade | kubectl apply -f -",
  "l5d-existence-mwc": "Run bunkerd upgrade | kubectl apply -f -",
  "l5d-existence-vwc": "Run bunkerd upgrade | kubectl apply -f -",
  "cni-plugin-cr-exists": "Run bunkerd install-cni | kubectl apply -f -",
  "cni-plugin-crb-exists": "Run bunkerd install-cni | kubectl apply -f -",
  "cni-plugin-sa-exists": "Run bunkerd install-cni | kubectl apply -f -",
  "cni-plugin-ds-exists": "Run bunkerd install-cni | kubectl apply -f -",
  "cni-plugin-ready": "Look at the node agent's pods with kubectl describe and kubectl logs.",
  "l5d-identity-cert-config-valid":
    "Give anchors and an issuer that fit together to bunkerd upgrade.",
  "l5d-identity-trustAnchors-use-supported-crypto": "Make anchors with ECDSA P-256.",
  "l5d-identity-trustAnchors-are-time-valid": "Replace the anchor: docs/certificates.md",
  "l5d-identity-trustAnchors-not-expiring-soon": "Replace the anchor: docs/certificates.md",
  "l5d-identity-issuer-cert-uses-supported-crypto": "Make the issuer with ECDSA P-256.",
  "l5d-identity-issuer-cert-is-time-valid": "Replace the issuer: docs/certificates.md",
  "l5d-identity-issuer-cert-not-expiring-soon": "Replace the issuer: docs/certificates.md",
  "l5d-identity-issuer-cert-issued-by-trust-anchor":
    "Trust the issuer's anchor beside the old one before the issuer is replaced: docs/certificates.md",
  "l5d-proxy-injector-webhook-cert-valid": "Run bunkerd upgrade | kubectl apply -f -",
  "l5d-proxy-injector-webhook-cert-not-expiring-soon":
    "Wait: the injector renews it. If it is your own, give another one to bunkerd upgrade; else look at the log of linkerd-proxy-injector.",
  "l5d-sp-validator-webhook-cert-valid": "Run bunkerd upgrade | kubectl apply -f -",
  "l5d-sp-validator-webhook-cert-not-expiring-soon": DESTINATION_RENEWS,
  "l5d-policy-validator-webhook-cert-valid": "Run bunkerd upgrade | kubectl apply -f -",
  "l5d-policy-validator-webhook-cert-not-expiring-soon": DESTINATION_RENEWS,
  "l5d-version-cli": "Get the version of this program that is expected.",
  "l5d-version-control": "Run bunkerd upgrade | kubectl apply -f -",
  "l5d-cp-proxy-healthy":
    "Look at the pod with kubectl describe, and at its proxy with kubectl logs -c linkerd-proxy.",
  "l5d-cp-proxy-version": "Run bunkerd upgrade | kubectl apply -f -",
  "l5d-cp-proxy-cli-version": "Run bunkerd upgrade | kubectl apply -f -",
  "l5d-identity-data-plane-proxies-certs-match-ca":
    "Wait a minute; then look at the proxy's log, and restart its pod.",
  "l5d-data-plane-exists": "Name the right namespace with -n.",
  "l5d-data-plane-ready":
    "Look at the pod with kubectl describe, and at its proxy with kubectl logs -c linkerd-proxy.",
  "l5d-data-plane-version": "Restart the workloads: kubectl rollout restart",
  "l5d-data-plane-cli-version": "Restart the workloads: kubectl rollout restart",
  "l5d-data-plane-pod-labels": "Make annotations of these labels.",
  "l5d-data-plane-services-labels": "Make annotations of these labels.",
  "l5d-data-plane-services-annotations": "Make labels of these annotations.",
  "linkerd-opaque-ports-definition": "Annotate Service and pods alike, or the namespace.",
  "l5d-control-plane-replicas":
    "Look at the Deployment with kubectl describe: replicas need nodes of their own.",
  "l5d-extension-namespaces":
    "Leave the label linkerd.io/extension on one namespace of each extension.",
};

/** The URL of an anchor, and how its finding is mended. */
export function hintOf(anchor: string): { readonly hint: string; readonly mend: string } {
  return { hint: PAGE + anchor, mend: MENDING[anchor] ?? "" };
}
