/** Who follows the endpoints of which Service, and what they were told (CPM1). */

import type { Gauge } from "#lib/metrics/gauge.ts";
import type { Registry } from "#lib/metrics/registry.ts";
import type { EndpointFollowers } from "../api/endpoint-sets.ts";
import type { EndpointQuery } from "../core/catalog.ts";

/** The families; Linkerd names the cluster that it runs in so. */
export function endpointFollowers(registry: Registry): EndpointFollowers {
  const gauge = (name: string, help: string) => registry.gauge(`endpoints_${name}`, help);
  const subscribers = gauge("subscribers", "Streams that follow the endpoints of a Service.");
  const pods = gauge("pods", "Endpoints that a Service was last said to have.");
  const exists = gauge("exists", "1 where a Service was last said to be there.");
  const updates = registry.counter(
    "endpoints_updates",
    "How often the endpoints of a Service that is followed have changed.",
  );
  const held = new Map<string, Gauge>();
  const labelsOf = ({ namespace, name, port, instance = "" }: EndpointQuery) => ({
    ...{ cluster: "local", namespace, service: name, port: String(port) },
    ...{ hostname: instance, nodename: "" },
  });
  const of = (query: EndpointQuery): Gauge => {
    const labels = labelsOf(query);
    const key = Object.values(labels).join("/");
    const known = held.get(key) ?? subscribers.with(labels);
    held.set(key, known);
    return known;
  };
  return {
    joined: (query) => of(query).increment(),
    left: (query) => {
      const series = of(query);
      series.decrement();
      if (series.value === 0) held.delete(Object.values(labelsOf(query)).join("/"));
    },
    changed: (query, set) => {
      const labels = labelsOf(query);
      updates.with(labels).increment();
      pods.with(labels).set(set.endpoints.size);
      exists.with(labels).set(Number(set.exists));
    },
  };
}
