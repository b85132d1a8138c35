/** Workloads as a command line names them, and their pods. */

import type { KubeClient } from "#lib/k8s/client.ts";
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  PODS,
  REPLICA_SETS,
  type Resource,
  STATEFUL_SETS,
} from "#lib/k8s/resource.ts";
import { matchesSelector } from "#lib/k8s/selector.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { KubeObject, LabelSelector } from "#lib/k8s/types/meta.ts";
import { CommandError } from "./command.ts";

/** A workload that chooses its pods by a selector. */
export type Workload = KubeObject & { readonly spec?: { readonly selector?: LabelSelector } };

/** A kind, and the names that the command line has for it. */
export type WorkloadKind = {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly resource: Resource<Workload>;
};

const KINDS: readonly WorkloadKind[] = [
  {
    name: "deployment",
    aliases: ["deploy", "deployments"],
    resource: DEPLOYMENTS as Resource<Workload>,
  },
  { name: "daemonset", aliases: ["ds", "daemonsets"], resource: DAEMON_SETS as Resource<Workload> },
  {
    name: "statefulset",
    aliases: ["sts", "statefulsets"],
    resource: STATEFUL_SETS as Resource<Workload>,
  },
  {
    name: "replicaset",
    aliases: ["rs", "replicasets"],
    resource: REPLICA_SETS as Resource<Workload>,
  },
  { name: "job", aliases: ["jobs"], resource: JOBS as Resource<Workload> },
  { name: "pod", aliases: ["po", "pods"], resource: PODS as Resource<Workload> },
];

/** What was named: `deploy`, `deploy/web`, `deploy web`. */
export type Named = { readonly kind: WorkloadKind; readonly name: string | undefined };

/** Reads kinds with or without names. Throws CommandError for a kind that is not known. */
export function parseWorkloads(words: readonly string[]): Named[] {
  const [first = "", ...rest] = words;
  const kind = kindOf(first);
  if (
    kind !== undefined &&
    rest.length > 0 &&
    rest.every((word) => kindOf(word) === undefined && !word.includes("/"))
  )
    return rest.map((name) => ({ kind, name }));
  return words.map((word) => {
    const [kindName = "", name] = word.split("/", 2);
    const found = kindOf(kindName);
    if (found === undefined || name === "")
      throw new CommandError(
        `Cannot use "${word}": kinds are ${KINDS.map((each) => each.name).join(", ")}, as in deploy or deploy/web`,
      );
    return { kind: found, name };
  });
}

function kindOf(word: string): WorkloadKind | undefined {
  return KINDS.find(({ name, aliases }) => name === word || aliases.includes(word));
}

/** What a flag says of such a selector. */
export const SELECTOR = "Only resources with these labels: =, == and !=";

/** Which ones, where, and a selector in kubectl's syntax. */
export type Wanted = {
  readonly named: Named;
  readonly namespace: string | undefined;
  readonly selector?: string | undefined;
};

/**
 * The workloads that were named, in one namespace or in all, and whose labels a selector takes. Throws CommandError
 * where a named one is missing.
 */
export async function findWorkloads(
  client: KubeClient,
  { named, namespace, selector }: Wanted,
): Promise<readonly Workload[]> {
  const { kind, name } = named;
  if (name === undefined || namespace === undefined || selector !== undefined) {
    const { items } = await client.list(kind.resource, { namespace, labelSelector: selector });
    return items.filter(({ metadata }) => name === undefined || metadata?.name === name);
  }
  const found = await client.get(kind.resource, { name, namespace });
  if (found === undefined)
    throw new CommandError(`Cannot find ${kind.name}/${name} in namespace ${namespace}`);
  return [found];
}

/** The pods that run for a workload, out of all; ended ones do not count. A pod runs for itself. */
export function podsOf({ metadata, spec }: Workload, pods: readonly Pod[]): Pod[] {
  const isPod = spec !== undefined && "containers" in spec;
  return pods.filter(
    (pod) =>
      pod.metadata?.namespace === metadata?.namespace &&
      (isPod
        ? pod.metadata?.name === metadata?.name
        : matchesSelector(spec?.selector, pod.metadata?.labels)) &&
      pod.status?.phase !== "Succeeded" &&
      pod.status?.phase !== "Failed",
  );
}

/** A pod by its name. Throws CommandError where it is missing. */
export async function findPod(
  client: KubeClient,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): Promise<Pod> {
  const pod = await client.get(PODS, { name, namespace });
  if (pod === undefined)
    throw new CommandError(`Cannot find pod/${name} in namespace ${namespace}`);
  return pod;
}
