/** Workloads as a command line names them, and their pods. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { ownerReference } from "#lib/k8s/owner.ts";
import {
  CRON_JOBS,
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  PODS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  type Resource,
  STATEFUL_SETS,
} from "#lib/k8s/resource.ts";
import { matchesSelector } from "#lib/k8s/selector.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { KubeObject, LabelSelector } from "#lib/k8s/types/meta.ts";
import { CommandError } from "./command.ts";

/** A workload that chooses its pods by a selector. */
export type Workload = KubeObject & {
  readonly spec?: { readonly selector?: LabelSelector };
  /** Of a CronJob: the Jobs that it made, which have the pods. */
  readonly jobs?: readonly Workload[];
};

/** A kind, and the names that the command line has for it. */
export type Kind = { readonly name: string; readonly aliases: readonly string[] };

/** A kind of workload. */
export type WorkloadKind = Kind & { readonly resource: Resource<Workload> };

/** Every kind of workload. */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
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
  {
    name: "replicationcontroller",
    aliases: ["rc", "replicationcontrollers"],
    resource: REPLICATION_CONTROLLERS as Resource<Workload>,
  },
  { name: "job", aliases: ["jobs"], resource: JOBS as Resource<Workload> },
  { name: "cronjob", aliases: ["cj", "cronjobs"], resource: CRON_JOBS as Resource<Workload> },
  { name: "pod", aliases: ["po", "pods"], resource: PODS as Resource<Workload> },
];

const shortest = ({ name, aliases }: Kind): string =>
  [name, ...aliases].reduce((short, word) => (word.length < short.length ? word : short));

/** What help says of words that name workloads. */
export const WORKLOAD_WORDS: string = `(${WORKLOAD_KINDS.map(shortest).join(", ")}) with or without a name`;

/** What was named: `deploy`, `deploy/web`, `deploy web`. */
export type Named<K extends Kind = WorkloadKind> = {
  readonly kind: K;
  readonly name: string | undefined;
};

/** Reads kinds of workloads with or without names. Throws CommandError for a kind that is not known. */
export const parseWorkloads = (words: readonly string[]): Named[] =>
  parseKinds(words, WORKLOAD_KINDS);

/** The same, of some kinds. */
export function parseKinds<K extends Kind>(
  words: readonly string[],
  kinds: readonly K[],
): Named<K>[] {
  const kindOf = (word: string): K | undefined =>
    kinds.find(({ name, aliases }) => name === word || aliases.includes(word));
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
        `Cannot use "${word}": kinds are ${kinds.map((each) => each.name).join(", ")}, as in deploy or deploy/web`,
      );
    return { kind: found, name };
  });
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
  const found = await findObjects(client, { named, namespace, selector });
  if (named.kind.resource === REPLICATION_CONTROLLERS) return found.map(withSelector);
  if (named.kind.resource !== CRON_JOBS || found.length === 0) return found;
  const { items } = await client.list(JOBS, { namespace });
  return found.map((cron) => ({ ...cron, jobs: items.filter((job) => isOf(cron, job)) }));
}

/** Everything that words name, in a namespace, each with its kind. Throws CommandError as above. */
export async function findAll(
  client: KubeClient,
  { words, namespace }: { readonly words: readonly string[]; readonly namespace: string },
): Promise<readonly { readonly kind: WorkloadKind; readonly workload: Workload }[]> {
  const found = await Promise.all(
    parseWorkloads(words).map(async (named) => {
      const workloads = await findWorkloads(client, { named, namespace });
      return workloads.map((workload) => ({ kind: named.kind, workload }));
    }),
  );
  return found.flat();
}

/** Objects of a kind as they are. Throws CommandError as above. */
export async function findObjects<T extends KubeObject>(
  client: KubeClient,
  {
    named: { kind, name },
    namespace,
    selector,
  }: Omit<Wanted, "named"> & {
    readonly named: Named<Kind & { readonly resource: Resource<T> }>;
  },
): Promise<readonly T[]> {
  const { resource } = kind;
  const place = resource.namespaced ? namespace : undefined;
  const isSomewhere = resource.namespaced && namespace === undefined;
  if (name === undefined || isSomewhere || selector !== undefined) {
    const { items } = await client.list(resource, { namespace: place, labelSelector: selector });
    return items.filter(({ metadata }) => name === undefined || metadata?.name === name);
  }
  const found = await client.get(resource, { name, namespace: place });
  if (found !== undefined) return [found];
  const where = place === undefined ? "" : ` in namespace ${place}`;
  throw new CommandError(`Cannot find ${kind.name}/${name}${where}`);
}

/** A ReplicationController's selector is labels alone. */
function withSelector(controller: Workload): Workload {
  const matchLabels = controller.spec?.selector as Readonly<Record<string, string>> | undefined;
  return {
    ...controller,
    spec: { ...controller.spec, selector: { matchLabels: { ...matchLabels } } },
  };
}

function isOf({ metadata }: Workload, job: KubeObject): boolean {
  const owner = ownerReference(job);
  return (
    owner?.kind === "CronJob" &&
    owner.name === metadata?.name &&
    job.metadata?.namespace === metadata?.namespace
  );
}

/** The pods that run for a workload, out of all; ended ones do not count. A pod runs for itself. */
export function podsOf({ metadata, spec, jobs }: Workload, pods: readonly Pod[]): Pod[] {
  if (jobs !== undefined) return jobs.flatMap((job) => podsOf(job, pods));
  const isPod = spec !== undefined && "containers" in spec;
  return pods.filter(
    (pod) =>
      pod.metadata?.namespace === metadata?.namespace &&
      (isPod
        ? pod.metadata?.name === metadata?.name
        : matchesSelector(spec?.selector, pod.metadata?.labels)) &&
      !isEnded(pod),
  );
}

/** Whether it will not run again. */
export const isEnded = ({ status }: Pod): boolean =>
  status?.phase === "Succeeded" || status?.phase === "Failed";

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
