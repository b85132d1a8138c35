/** Is this pod meshed, and how: from an informer on the pods of this node, else by one request. */

import type { KubeClient } from "#lib/k8s/client.ts";
import type { Informer } from "#lib/k8s/informer.ts";
import { NAMESPACES, PODS } from "#lib/k8s/resource.ts";
import type { Namespace, Pod } from "#lib/k8s/types/core.ts";
import {
  EXEMPT,
  type Exempt,
  planRedirect,
  type RedirectPlan,
  wantsRedirect,
} from "./redirect/plan.ts";
import type { PodName } from "./request.ts";
import { CniCode, CniError } from "./result.ts";

/** What is to be done with a pod. */
export type Verdict =
  | { readonly type: "unmeshed"; readonly why: string }
  | { readonly type: "meshed"; readonly plan: RedirectPlan };

/** Who knows the pods of a node. */
export interface PodJudge {
  /** Whether the pods of the node are known. */
  readonly ready: boolean;
  /** Throws CniError: try again where the pod cannot be found, a code of ours for its annotations. */
  judge(pod: PodName): Promise<Verdict>;
}

/** The node cannot start without these: a pod there that cannot be looked up passes. */
const NEVER_BLOCKED = "kube-system";
const CONTROL_PLANE = "linkerd.io/control-plane-component";
/** The kubelet's own copy of a static pod has another uid than the pod the runtime names. */
const MIRROR = "kubernetes.io/config.mirror";
const INJECT = "linkerd.io/inject";
const IS_CONTROL_PLANE = "linkerd.io/is-control-plane";

/** The decision, from the two objects alone. Throws CniError where annotations cannot be used. */
export function judgePod(
  pod: Pod,
  namespace: Namespace | undefined,
  exempt: Exempt = EXEMPT,
): Verdict {
  const names = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(
    ({ name }) => name,
  );
  if (!wantsRedirect(names)) {
    const why = names.includes("linkerd-init") ? "it has linkerd-init" : "it has no linkerd-proxy";
    return { type: "unmeshed", why };
  }
  try {
    const plan = planRedirect(
      {
        annotations: pod.metadata?.annotations ?? {},
        namespaceAnnotations: namespace?.metadata?.annotations ?? {},
        controlPlane: pod.metadata?.labels?.[CONTROL_PLANE] !== undefined,
        hostUsers: pod.spec?.hostUsers,
      },
      exempt,
    );
    return { type: "meshed", plan };
  } catch (error) {
    throw new CniError(String((error as Error).message), { code: CniCode.badAnnotations });
  }
}

/** The names that the shim goes by while the agent is away, one a line: namespaces with meshed pods, now or soon. */
export function meshedNamespaces(namespaces: readonly Namespace[], pods: readonly Pod[]): string {
  const injected = namespaces.filter(({ metadata }) => {
    const inject = metadata?.annotations?.[INJECT];
    return inject === "enabled" || inject === "ingress" || metadata?.labels?.[IS_CONTROL_PLANE];
  });
  const used = pods.filter((pod) =>
    [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].some(
      ({ name }) => name === "linkerd-proxy",
    ),
  );
  const names = [
    ...injected.map(({ metadata }) => metadata?.name ?? ""),
    ...used.map(({ metadata }) => metadata?.namespace ?? ""),
  ];
  return [...new Set(names)].toSorted().join("\n");
}

/** Answers from informers; a pod that they do not know (yet) is asked for once. */
export class NodePods implements PodJudge {
  readonly #client: KubeClient;
  readonly #pods: Informer<Pod>;
  readonly #namespaces: Informer<Namespace>;
  readonly #exempt: Exempt;
  #ready = false;

  constructor(from: {
    readonly client: KubeClient;
    readonly pods: Informer<Pod>;
    readonly namespaces: Informer<Namespace>;
    readonly exempt?: Exempt;
  }) {
    this.#client = from.client;
    this.#pods = from.pods;
    this.#namespaces = from.namespaces;
    this.#exempt = from.exempt ?? EXEMPT;
  }

  /** Waits until both informers know everything. */
  async sync(): Promise<void> {
    await Promise.all([this.#pods.synced, this.#namespaces.synced]);
    this.#ready = true;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** The pods of this node that have an address of their own and have not ended. */
  running(): Pod[] {
    return this.#pods
      .list()
      .filter(
        ({ spec, status }) =>
          spec?.hostNetwork !== true &&
          (status?.podIPs ?? []).length > 0 &&
          status?.phase !== "Succeeded" &&
          status?.phase !== "Failed",
      );
  }

  /** The decision on a pod of which all is known. Throws CniError where annotations cannot be used. */
  judgeKnown(pod: Pod): Verdict {
    const namespace = this.#namespaces.get({ name: pod.metadata?.namespace ?? "" });
    return judgePod(pod, namespace, this.#exempt);
  }

  async judge(name: PodName): Promise<Verdict> {
    try {
      const pod = await this.#find(name);
      if (pod === undefined)
        throw new CniError(
          `Cannot find pod ${name.namespace}/${name.name}: it is not there (any more)`,
          { code: CniCode.tryLater },
        );
      const key = { name: name.namespace };
      const namespace =
        this.#namespaces.get(key) ?? (await this.#client.get<Namespace>(NAMESPACES, key));
      return judgePod(pod, namespace, this.#exempt);
    } catch (error) {
      if (name.namespace !== NEVER_BLOCKED) throw error;
      return { type: "unmeshed", why: `${NEVER_BLOCKED} is never blocked: ${String(error)}` };
    }
  }

  async #find({ namespace, name, uid }: PodName): Promise<Pod | undefined> {
    const known = this.#pods.get({ namespace, name });
    if (known !== undefined && isThat(known, uid)) return known;
    const asked = await this.#client.get<Pod>(PODS, { namespace, name });
    return asked !== undefined && isThat(asked, uid) ? asked : undefined;
  }
}

/** A pod of the same name may have taken another's place. */
function isThat({ metadata }: Pod, uid: string | undefined): boolean {
  return (
    uid === undefined || metadata?.uid === uid || metadata?.annotations?.[MIRROR] !== undefined
  );
}
