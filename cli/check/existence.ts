/** Category linkerd-existence: the control plane is there and runs, and its networks hold the cluster. */

import { anyContains, Cidr } from "#lib/addr/cidr.ts";
import { NODES, PODS, REPLICA_SETS, SERVICES } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { type Category, expectNone, expectThat, type Target } from "./check.ts";
import { readValues } from "./config.ts";
import { COMPONENTS, expectReady, live } from "./objects.ts";

/** The checks; heartbeat has none, as the mesh has no heartbeat. */
export const EXISTENCE: Category = {
  name: "linkerd-existence",
  checks: [
    {
      description: "'linkerd-config' config map exists",
      anchor: "l5d-existence-linkerd-config",
      severity: "fatal",
      run: async (target) => void (await readValues(target)),
    },
    {
      description: "control plane replica sets are ready",
      anchor: "l5d-existence-replicasets",
      severity: "fatal",
      retried: true,
      run: async ({ client, linkerdNamespace }) => {
        const { items } = await client.list(REPLICA_SETS, { namespace: linkerdNamespace });
        expectNone(
          "Some replica sets are not ready",
          items
            .filter(({ spec, status }) => (status?.readyReplicas ?? 0) < (spec?.replicas ?? 1))
            .map(({ metadata }) => metadata?.name ?? ""),
        );
      },
    },
    {
      description: "no unschedulable pods",
      anchor: "l5d-existence-unschedulable-pods",
      severity: "warning",
      retried: true,
      run: async (target) =>
        expectNone(
          "Some pods cannot be scheduled",
          (await controlPlanePods(target)).flatMap(({ metadata, status }) => {
            const why = status?.conditions?.find(({ reason }) => reason === "Unschedulable");
            return why === undefined ? [] : [`${metadata?.name}: ${why.message}`];
          }),
        ),
    },
    {
      description: "control plane pods are ready",
      anchor: "l5d-api-control-ready",
      severity: "fatal",
      retried: true,
      run: async (target) => {
        const pods = await controlPlanePods(target);
        for (const component of COMPONENTS)
          expectThat(
            pods.some((pod) => isPartOf(pod, component) && pod.status?.phase === "Running"),
            `No running pods for "linkerd-${component}"`,
          );
        expectReady(pods);
      },
    },
    {
      description: "cluster networks contains all node podCIDRs",
      anchor: "l5d-cluster-networks-cidr",
      run: async (target) => {
        const networks = await clusterNetworks(target);
        const { items } = await target.client.list(NODES);
        const cidrs = items.flatMap(({ spec }) => spec?.podCIDRs ?? spec?.podCIDR ?? []);
        expectNone(
          "node has podCIDR(s) not contained in the Linkerd clusterNetworks",
          cidrs.filter((cidr) => !anyContains(networks, cidr.split("/")[0] ?? "")),
        );
      },
    },
    {
      description: "cluster networks contains all pods",
      anchor: "l5d-cluster-networks-pods",
      run: async (target) => {
        const networks = await clusterNetworks(target);
        const pods = live((await target.client.list(PODS)).items);
        const strays = pods.filter(
          ({ spec, status }) =>
            spec?.hostNetwork !== true &&
            status?.podIP !== undefined &&
            !anyContains(networks, status.podIP),
        );
        expectNone(
          "the Linkerd clusterNetworks do not include pods",
          strays.map(
            ({ metadata, status }) => `${metadata?.namespace}/${metadata?.name} (${status?.podIP})`,
          ),
        );
      },
    },
    {
      description: "cluster networks contains all services",
      anchor: "l5d-cluster-networks-pods",
      run: async (target) => {
        const networks = await clusterNetworks(target);
        const strays = (await target.client.list(SERVICES)).items.filter(({ spec }) => {
          const ip = spec?.clusterIP;
          return ip !== undefined && ip !== "" && ip !== "None" && !anyContains(networks, ip);
        });
        expectNone(
          "the Linkerd clusterNetworks do not include services",
          strays.map(
            ({ metadata, spec }) => `${metadata?.namespace}/${metadata?.name} (${spec?.clusterIP})`,
          ),
        );
      },
    },
  ],
};

/** The pods in the control plane's namespace. */
export async function controlPlanePods({
  client,
  linkerdNamespace,
}: Pick<Target, "client" | "linkerdNamespace">): Promise<Pod[]> {
  return live((await client.list(PODS, { namespace: linkerdNamespace })).items);
}

const isPartOf = ({ metadata }: Pod, component: string): boolean =>
  metadata?.labels?.["linkerd.io/control-plane-component"] === component;

async function clusterNetworks(target: Target): Promise<readonly Cidr[]> {
  const { clusterNetworks } = await readValues(target);
  return clusterNetworks.split(",").flatMap((text) => Cidr.parse(text.trim()) ?? []);
}
