/** The node agent: DaemonSet linkerd-cni. */

import { CNI_RESOURCE } from "#lib/k8s/annotations.ts";
import type { DaemonSet } from "#lib/k8s/types/apps.ts";
import type { Container, Namespace, PodSpec } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { resourcesOf } from "../controller/injector/resources.ts";
import { createdBy, withCommonLabels } from "./marks.ts";
import { account, WATCH } from "./rbac.ts";
import type { Values } from "./values.ts";

const NAME = "linkerd-cni";
const CONTAINER = "install-cni";
const ADMIN_PORT = 9998;
const LABELS = { "k8s-app": NAME, [CNI_RESOURCE]: "true" };
const RUN_DIR = "/run/linkerd-cni";
const CGROUP_ROOT = "/sys/fs/cgroup";
const BPF_ROOT = "/sys/fs/bpf";
const NETNS_DIR = "/run/netns";

/** Namespace, account and DaemonSet; applied before anything meshed runs. */
export function renderCni(values: Values): KubeObject[] {
  const { namespace } = values.cni;
  const objects = [
    cniNamespace(namespace),
    ...account({
      name: NAME,
      namespace,
      clusterName: NAME,
      labels: LABELS,
      cluster: [{ group: "", resources: ["pods", "namespaces", "nodes"], verbs: WATCH }],
      // An agent whose DaemonSet was deleted leaves nothing on its node.
      local: [{ group: "apps", resources: ["daemonsets"], names: [NAME], verbs: WATCH }],
    }),
    daemonSet(values),
  ];
  return withCommonLabels(objects, values);
}

function cniNamespace(name: string): Namespace {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: {
        [CNI_RESOURCE]: "true",
        "config.linkerd.io/admission-webhooks": "disabled",
        "pod-security.kubernetes.io/enforce": "privileged",
      },
    },
  };
}

function daemonSet(values: Values): DaemonSet {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: {
      name: NAME,
      namespace: values.cni.namespace,
      labels: LABELS,
      annotations: createdBy(values),
    },
    spec: {
      selector: { matchLabels: { "k8s-app": NAME } },
      revisionHistoryLimit: values.revisionHistoryLimit,
      updateStrategy: updateStrategy(values),
      template: {
        metadata: {
          labels: { ...values.commonLabels, ...values.cni.podLabels, ...LABELS },
          annotations: {
            ...values.cni.podAnnotations,
            ...createdBy(values),
            "linkerd.io/inject": "disabled",
            // The field `appArmorProfile` is not known before Kubernetes 1.30.
            [`container.apparmor.security.beta.kubernetes.io/${CONTAINER}`]: "unconfined",
          },
        },
        spec: podSpec(values),
      },
    },
  };
}

type Strategy = NonNullable<NonNullable<DaemonSet["spec"]>["updateStrategy"]>;

function updateStrategy({ cni }: Values): Strategy {
  const { type, rollingUpdate } = cni.updateStrategy;
  return type === "OnDelete" ? { type } : { type, rollingUpdate };
}

function podSpec(values: Values): PodSpec {
  const { destCNIBinDir, destCNINetDir, priorityClassName, tolerations } = values.cni;
  const { imagePullSecrets } = values;
  const folder = (name: string, path: string): NonNullable<PodSpec["volumes"]>[number] => ({
    name,
    hostPath: { path, type: "DirectoryOrCreate" },
  });
  return {
    serviceAccountName: NAME,
    hostNetwork: true,
    ...(priorityClassName !== "" && { priorityClassName }),
    nodeSelector: { "kubernetes.io/os": "linux" },
    ...(tolerations.length > 0 && { tolerations: [...tolerations] }),
    ...(imagePullSecrets.length > 0 && { imagePullSecrets: [...imagePullSecrets] }),
    containers: [container(values)],
    volumes: [
      folder("cni-bin-dir", destCNIBinDir),
      folder("cni-net-dir", destCNINetDir),
      folder("run", RUN_DIR),
      folder("netns", NETNS_DIR),
      { name: "cgroup", hostPath: { path: CGROUP_ROOT, type: "Directory" } },
      { name: "bpf", hostPath: { path: BPF_ROOT, type: "DirectoryOrCreate" } },
    ],
  };
}

function container(values: Values): Container {
  const { destCNIBinDir, destCNINetDir, privileged } = values.cni;
  const probe = (path: string): NonNullable<Container["livenessProbe"]> => ({
    httpGet: { path, port: ADMIN_PORT },
  });
  return {
    name: CONTAINER,
    image: `${values.controllerImage}:${values.controllerImageVersion}`,
    imagePullPolicy: values.imagePullPolicy,
    args: agentArgs(values),
    env: [
      { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      { name: "POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } },
      { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
      // The lock of iptables is for one network namespace's rules; ours are the pods'.
      { name: "XTABLES_LOCKFILE", value: `${RUN_DIR}/xtables.lock` },
    ],
    ports: [{ name: "admin-http", containerPort: ADMIN_PORT }],
    livenessProbe: { ...probe("/live"), initialDelaySeconds: 10 },
    readinessProbe: { ...probe("/ready"), periodSeconds: 2 },
    ...resourcesOf(values.cni.resources),
    securityContext: securityContext(privileged),
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [
      { name: "cni-bin-dir", mountPath: destCNIBinDir },
      { name: "cni-net-dir", mountPath: destCNINetDir },
      { name: "run", mountPath: RUN_DIR },
      // Namespaces are mounted there one by one, after the agent has started.
      { name: "netns", mountPath: NETNS_DIR, mountPropagation: "HostToContainer" },
      { name: "cgroup", mountPath: CGROUP_ROOT, mountPropagation: "HostToContainer" },
      {
        name: "bpf",
        mountPath: BPF_ROOT,
        // Only a privileged container may mount so that the host sees it.
        mountPropagation: privileged ? "Bidirectional" : "HostToContainer",
      },
    ],
  };
}

function agentArgs({ cni, proxyInit }: Values): string[] {
  return [
    "cni",
    `--redirect=${cni.redirect}`,
    `--log-level=${cni.logLevel}`,
    `--log-format=${cni.logFormat}`,
    `--cgroup-root=${CGROUP_ROOT}`,
    `--bpf-root=${BPF_ROOT}`,
    `--cni-bin-dir=${cni.destCNIBinDir}`,
    `--cni-conf-dir=${cni.destCNINetDir}`,
    `--run-dir=${RUN_DIR}`,
    `--netns-dir=${NETNS_DIR}`,
    `--admin-addr=:${ADMIN_PORT}`,
    `--ignore-inbound-ports=${proxyInit.ignoreInboundPorts}`,
    `--ignore-outbound-ports=${proxyInit.ignoreOutboundPorts}`,
    `--kube-api-server-ports=${proxyInit.kubeAPIServerPorts}`,
    `--skip-subnets=${proxyInit.skipSubnets}`,
  ];
}

/** BPF loads, NET_ADMIN attaches and writes rules, SYS_ADMIN enters the pods' network namespaces. */
function securityContext(privileged: boolean): NonNullable<Container["securityContext"]> {
  const common = { runAsUser: 0, runAsNonRoot: false, readOnlyRootFilesystem: true };
  if (privileged) return { ...common, privileged };
  return {
    ...common,
    capabilities: { drop: ["ALL"], add: ["BPF", "NET_ADMIN", "SYS_ADMIN"] },
    seccompProfile: { type: "RuntimeDefault" },
    // The default profiles of AppArmor and SELinux forbid pins below /sys/fs/bpf.
    appArmorProfile: { type: "Unconfined" },
    seLinuxOptions: { type: "spc_t" },
  };
}
