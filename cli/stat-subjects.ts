/** What `viz stat` has a row for beside policies: workloads, namespaces, Services, and authorities, which are no objects. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { NAMESPACES, type Resource, SERVICES } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { SentTo } from "../viz/core/stat.ts";
import {
  findObjects,
  findWorkloads,
  isEnded,
  type Kind,
  type Named,
  parseKinds,
  podsOf,
  WORKLOAD_KINDS,
} from "./workloads.ts";

/** A kind that has rows. */
export type StatKind = Kind & { readonly resource?: Resource };

/** What was named of such a kind. */
export type StatNamed = Named<StatKind>;

/** Those of the pods of a namespace. */
export const NAMESPACE: StatKind & { readonly resource: Resource } = {
  name: "namespace",
  aliases: ["ns", "namespaces"],
  resource: NAMESPACES,
};
/** Those of which only callers know. */
export const SERVICE: StatKind & { readonly resource: Resource } = {
  name: "service",
  aliases: ["svc", "services"],
  resource: SERVICES,
};
/** Those that requests name. */
export const AUTHORITY: StatKind = { name: "authority", aliases: ["au", "authorities"] };

/** Whatever may receive. */
export const STAT_KINDS: readonly StatKind[] = [...WORKLOAD_KINDS, NAMESPACE, SERVICE, AUTHORITY];

/** Whatever has pods, which may send. */
export const SENDER_KINDS: readonly StatKind[] = [...WORKLOAD_KINDS, NAMESPACE];

/** Reads kinds with or without names, and `all`: whatever is an object of a namespace, or those that send. Throws CommandError for a kind that is not known. */
export function parseSubjects(words: readonly string[], all: "all" | "senders"): StatNamed[] {
  const kinds = all === "all" ? [...WORKLOAD_KINDS, SERVICE] : WORKLOAD_KINDS;
  const named = words.flatMap((word) => (word === "all" ? kinds.map(({ name }) => name) : [word]));
  return parseKinds(named, STAT_KINDS);
}

/** One object with a row. */
export type Subject = {
  /** Empty of a namespace. */
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  /** Its pods that have not ended; undefined where it has none of its own. */
  readonly members: readonly Pod[] | undefined;
  /** How its callers' proxies name it. */
  readonly target: SentTo;
};

/** The objects that were named; of authorities there are none. Throws CommandError where one is missing. */
export async function findSubjects(
  client: KubeClient,
  {
    named,
    pods,
    ...where
  }: {
    readonly named: StatNamed;
    /** All that may be their members. */
    readonly pods: readonly Pod[];
    readonly namespace: string | undefined;
    readonly selector?: string | undefined;
  },
): Promise<readonly Subject[]> {
  const { kind, name } = named;
  const of = <K extends StatKind>(one: K): Named<K> => ({ kind: one, name });
  if (kind === AUTHORITY) return [];
  if (kind === NAMESPACE || kind === SERVICE) {
    const own = kind === NAMESPACE ? NAMESPACE : SERVICE;
    const found = await findObjects(client, { ...where, named: of(own) });
    return found.map((object) => asSubject(object, own, pods));
  }
  const workload = WORKLOAD_KINDS.find((each) => each === kind);
  if (workload === undefined) return [];
  const found = await findWorkloads(client, { ...where, named: of(workload) });
  return found.map((each) => {
    const subject = placed(each, kind);
    const { jobs } = each;
    // Callers know a Job, not who made it.
    const target =
      jobs === undefined
        ? subject.target
        : {
            ...subject.target,
            kind: "job",
            names: jobs.flatMap(({ metadata }) => metadata?.name ?? []),
          };
    return { ...subject, members: podsOf(each, pods), target };
  });
}

function placed({ metadata }: KubeObject, { name: kind }: Kind): Omit<Subject, "members"> {
  const { namespace = "", name = "" } = metadata ?? {};
  return { namespace, kind, name, target: { kind, names: [name], namespace } };
}

function asSubject(object: KubeObject, kind: StatKind, pods: readonly Pod[]): Subject {
  const subject = placed(object, kind);
  if (kind === SERVICE) return { ...subject, members: undefined };
  const members = pods.filter((pod) => pod.metadata?.namespace === subject.name && !isEnded(pod));
  return { ...subject, members, target: { ...subject.target, namespace: undefined } };
}
