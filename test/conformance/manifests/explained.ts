/** What linters find in the manifests and is meant: each with its reason. One that finds nothing any more is a failure. */

/** A finding that stays. */
export interface Explanation {
  readonly tool: "kube-score" | "checkov";
  readonly check: string;
  /** Kinds and names of objects: `Deployment/linkerd-identity`. */
  readonly where: RegExp;
  readonly why: string;
}

const CONTROLLER = /^Deployment\//;
const AGENT = /^(DaemonSet|Pod)\/linkerd-cni/;
const ALL = /./;

const NO_CPU_LIMIT = "a limit of CPU makes requests wait while the node idles";
const PULL = "tags are of releases, which do not change; a node without the registry goes on";
const DIGEST = "the values take one: controllerImageVersion, proxy.image.version";
const USERS =
  "Linkerd's users, 2102 and 2103: redirection knows proxies by theirs. The agent enters the pods' namespaces as root";
const NO_QUANTITIES =
  "by default there are none, as Linkerd has none: what they must be depends on the cluster; --ha sets them";
const STORAGE =
  "root file systems are read-only, the one volume that is written to is a megabyte of memory";
const AGENT_IS_ROOT =
  "the agent enters network namespaces and loads eBPF for all pods, so that none of them needs a privilege";
const ONE_REPLICA = "one replica by default, as Linkerd; --ha has three";

const kubeScore = (check: string, where: RegExp, why: string): Explanation => ({
  tool: "kube-score",
  check,
  where,
  why,
});
const checkov = (check: string, where: RegExp, why: string): Explanation => ({
  tool: "checkov",
  check,
  where,
  why,
});

export const EXPLAINED: readonly Explanation[] = [
  kubeScore("container-image-pull-policy", ALL, PULL),
  kubeScore("container-resources", CONTROLLER, `${NO_QUANTITIES}, but for CPU: ${NO_CPU_LIMIT}`),
  kubeScore("container-resources", AGENT, NO_CPU_LIMIT),
  kubeScore("container-ephemeral-storage-request-and-limit", ALL, STORAGE),
  kubeScore("container-security-context-user-group-id", ALL, USERS),
  kubeScore(
    "pod-networkpolicy",
    CONTROLLER,
    "what controllers call is not limited: where the API server is differs from cluster to cluster",
  ),
  kubeScore("pod-networkpolicy", AGENT, "no policy reaches a pod in its node's network"),
  kubeScore("deployment-replicas", CONTROLLER, ONE_REPLICA),
  checkov("CKV_K8S_10", CONTROLLER, NO_QUANTITIES),
  checkov("CKV_K8S_11", ALL, NO_CPU_LIMIT),
  checkov("CKV_K8S_12", CONTROLLER, NO_QUANTITIES),
  checkov("CKV_K8S_13", CONTROLLER, NO_QUANTITIES),
  checkov("CKV_K8S_15", ALL, PULL),
  checkov("CKV_K8S_43", ALL, DIGEST),
  checkov("CKV_K8S_40", ALL, USERS),
  checkov("CKV_K8S_19", AGENT, "it serves the node's runtime, also where pods have no network yet"),
  checkov("CKV_K8S_20", AGENT, `${AGENT_IS_ROOT}; SYS_ADMIN cannot go without`),
  checkov("CKV_K8S_23", AGENT, AGENT_IS_ROOT),
  checkov("CKV_K8S_25", AGENT, AGENT_IS_ROOT),
  checkov("CKV_K8S_29", AGENT, "its container's context says all that a pod's could"),
  checkov("CKV_K8S_38", AGENT, "it watches the pods of its node by the API"),
  checkov("CKV_K8S_39", AGENT, AGENT_IS_ROOT),
  checkov(
    "CKV_K8S_155",
    /^ClusterRole\/linkerd-linkerd-(proxy-injector|destination)$/,
    "each writes the CA of its own certificates into its own webhooks, which the rule names, and into no other",
  ),
  checkov("CKV2_K8S_6", AGENT, "no policy reaches a pod in its node's network"),
];
