/** How old news of the Kubernetes API are when they arrive, by Linkerd's names (CPM1). */

import type { KubeClient } from "#lib/k8s/client.ts";
import { isObject } from "#lib/k8s/shape.ts";
import type { Histogram } from "#lib/metrics/histogram.ts";
import type { Registry } from "#lib/metrics/registry.ts";

/** What metrics call the kinds that are looked at. */
const NAMES: Readonly<Record<string, string>> = {
  EndpointSlice: "endpointslices",
  Service: "services",
  Server: "servers",
  Pod: "pods",
  ExternalWorkload: "externalworkload",
  ServiceProfile: "serviceprofiles",
};
const BOUNDS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000];

/** A client whose watches are measured; times in objects are those of the API server's clock, in whole seconds. */
export function measureLag(
  client: KubeClient,
  { registry, wall }: { readonly registry: Registry; readonly wall: () => number },
): KubeClient {
  const lags = new Map<string, Histogram>(
    Object.entries(NAMES).map(([kind, name]) => {
      const help = `Time between a change of an object (${kind}) and when it was heard of.`;
      const how = { help, bounds: BOUNDS, unit: "seconds" } as const;
      return [kind, registry.histogram(`${name}_informer_lag_seconds`, how).with()];
    }),
  );
  return {
    ...client,
    watch: async function* (resource, options) {
      const lag = lags.get(resource.kind);
      for await (const event of client.watch(resource, options)) {
        if (lag !== undefined && (event.type === "ADDED" || event.type === "MODIFIED")) {
          const changedMs = lastChange(event.object);
          if (changedMs !== undefined) lag.observe(Math.max(0, wall() - changedMs) / 1000);
        }
        yield event;
      }
    },
  };
}

/** When an object was written last, in milliseconds since 1970; undefined where it does not say. */
function lastChange(object: unknown): number | undefined {
  const metadata = isObject(object) && isObject(object["metadata"]) ? object["metadata"] : {};
  const { creationTimestamp, managedFields } = metadata;
  const writes: unknown[] = Array.isArray(managedFields) ? managedFields : [];
  const times = [creationTimestamp, ...writes.map((each) => isObject(each) && each["time"])];
  const known = times.map((time) => (typeof time === "string" ? Date.parse(time) : Number.NaN));
  const last = Math.max(...known.filter(Number.isFinite));
  return Number.isFinite(last) ? last : undefined;
}
