/** What became of pods, told: in Events on their owners (INJ3) and in metrics (CPM3). */

import { annotation, CONFIG, INJECT, type Marks } from "#lib/k8s/annotations.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import {
  deploymentSubject,
  type EventFacts,
  type EventSubject,
  type EventWriter,
} from "#lib/k8s/events.ts";
import { ownerOf, ownerReference } from "#lib/k8s/owner.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { Counter } from "#lib/metrics/counter.ts";
import type { Family, Labels, Registry } from "#lib/metrics/registry.ts";
import { SKIP_SENTENCES } from "./decide.ts";
import type { Outcome } from "./review.ts";
import { SETTING_NAMES } from "./without-effect.ts";

/** A pod that was reviewed. */
export type Told = {
  readonly pod: Pod;
  readonly namespace: string;
  readonly namespaceAnnotations: Marks;
  readonly outcome: Outcome;
  /** Nothing happens to the pod: nothing is told of it but in metrics. */
  readonly dryRun: boolean;
};

/** A value of an annotation is a label up to here, in characters. */
const LABEL_LIMIT = 64;

/** Creates what tells. */
export function createTelling(options: {
  readonly registry: Registry;
  readonly events: EventWriter;
  readonly client: KubeClient;
}): (told: Told) => void {
  const { registry, events, client } = options;
  const metrics = new InjectMetrics(registry);
  return (told) => {
    metrics.count(told);
    const facts = factsOf(told.outcome);
    const subject = subjectOf(told);
    if (told.dryRun || facts === undefined || subject === undefined) return;
    events.write(subject, facts, refinement(told, { subject, client }));
  };
}

/** A refusal is told to whoever creates the pod, which notes it itself. */
function factsOf(outcome: Outcome): EventFacts | undefined {
  switch (outcome.type) {
    case "injected":
      return { type: "Normal", reason: "Injected", message: "The proxy was added" };
    case "skipped": {
      const message = `The proxy was not added: ${SKIP_SENTENCES[outcome.reason]} (${outcome.reason})`;
      return { type: "Normal", reason: "InjectionSkipped", message };
    }
    case "refused":
      return undefined;
  }
}

/** The pod's owner; the pod itself where it has none and is named already. */
function subjectOf({ pod, namespace }: Told): EventSubject | undefined {
  const owner = ownerReference(pod);
  if (owner !== undefined) {
    const { apiVersion, kind, name, uid } = owner;
    return { apiVersion, kind, name, uid, namespace };
  }
  const name = pod.metadata?.name;
  return name === undefined ? undefined : { apiVersion: "v1", kind: "Pod", name, namespace };
}

/** A ReplicaSet's Deployment is whom users describe: its uid is not in the pod. */
function refinement(
  { pod, namespace }: Told,
  { subject, client }: { readonly subject: EventSubject; readonly client: KubeClient },
): (() => Promise<EventSubject | undefined>) | undefined {
  const owner = ownerOf(pod);
  if (owner?.kind !== "Deployment" || subject.kind !== "ReplicaSet") return undefined;
  const { name } = owner;
  return () => deploymentSubject(client, { name, namespace });
}

/** Counts reviews of pods as Linkerd's injector does. */
class InjectMetrics {
  readonly #requests: Family<Counter>;
  readonly #responses: Family<Counter>;

  constructor(registry: Registry) {
    this.#requests = registry.counter(
      "proxy_inject_admission_requests_total",
      "Pods that were to be looked at.",
    );
    this.#responses = registry.counter(
      "proxy_inject_admission_responses_total",
      "Pods that were answered for, and whether they were skipped.",
    );
  }

  count(told: Told): void {
    const { pod, namespace, namespaceAnnotations, outcome } = told;
    const marks = { pod: pod.metadata?.annotations, namespace: namespaceAnnotations };
    const who = { owner_kind: ownerOf(pod)?.kind.toLowerCase() ?? "pod", namespace };
    const where = { annotation_at: annotatedAt(marks), ...settingLabels(marks) };
    this.#requests.with({ ...who, ...where }).increment();
    const skipped = {
      skip: String(outcome.type !== "injected"),
      skip_reason: outcome.type === "skipped" ? outcome.reason : skipReasonOf(outcome),
    };
    this.#responses.with({ ...who, ...skipped, ...where }).increment();
  }
}

const skipReasonOf = ({ type }: Outcome): string | undefined =>
  type === "refused" ? "refused" : undefined;

type Both = { readonly pod: Marks; readonly namespace: Marks };

function annotatedAt({ pod, namespace }: Both): string | undefined {
  if (pod?.[INJECT]) return "workload";
  return namespace?.[INJECT] ? "namespace" : undefined;
}

/** A label for each setting that an annotation has, named after it. */
function settingLabels(marks: Both): Labels {
  const labels: Record<string, string> = {};
  for (const name of SETTING_NAMES) {
    const value = annotation(CONFIG + name, marks);
    if (value !== undefined) labels[name.replaceAll("-", "_")] = value.slice(0, LABEL_LIMIT);
  }
  return labels;
}
