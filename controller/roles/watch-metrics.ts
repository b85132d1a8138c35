/** What lists and watches of the Kubernetes API bring, counted by kind (CPM5). */

import type { KubeClient } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import type { Resource } from "#lib/k8s/resource.ts";
import type { WatchEvent } from "#lib/k8s/watch.ts";
import type { Registry } from "#lib/metrics/registry.ts";

/** What Linkerd's policy controller calls an event. */
const OPS: Readonly<Partial<Record<WatchEvent["type"], string>>> = {
  ADDED: "Apply",
  MODIFIED: "Apply",
  DELETED: "Delete",
};

/** A client that counts: a list is a restart, and each event of a watch an application or a deletion. */
export function countWatches(client: KubeClient, registry: Registry): KubeClient {
  const events = registry.counter(
    "kube_watch_events_total",
    "Events of watches of the Kubernetes API, by kind; a list is one that begins anew.",
  );
  const errors = registry.counter(
    "kube_watch_errors_total",
    "Lists and watches of the Kubernetes API that failed, by kind and error.",
  );
  const labelsOf = ({ kind, group, version }: Resource) => ({ kind, group, version });
  const failed = (resource: Resource, cause: unknown): void => {
    const error = cause instanceof KubeError ? cause.code : "unknown";
    errors.with({ ...labelsOf(resource), error }).increment();
  };
  return {
    ...client,
    list: async (resource, options) => {
      try {
        const page = await client.list(resource, options);
        // Further pages are of the same list.
        if (options?.continue === undefined)
          events.with({ op: "Restart", ...labelsOf(resource) }).increment();
        return page;
      } catch (error) {
        failed(resource, error);
        throw error;
      }
    },
    watch: async function* (resource, options) {
      try {
        for await (const event of client.watch(resource, options)) {
          const op = OPS[event.type];
          if (op !== undefined) events.with({ op, ...labelsOf(resource) }).increment();
          yield event;
        }
      } catch (error) {
        if (!options.signal.aborted) failed(resource, error);
        throw error;
      }
    },
  };
}
