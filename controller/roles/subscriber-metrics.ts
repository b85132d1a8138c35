/** Who follows the endpoints of which Service, and what they were told (CPM1). */

import type { Registry } from "#lib/metrics/registry.ts";
import type { EndpointFollowers } from "../api/endpoint-sets.ts";
import type { EndpointQuery } from "../core/catalog.ts";
import { HeldGauges } from "./held-gauges.ts";

/** The families; Linkerd names the cluster that it runs in so. */
export function endpointFollowers(registry: Registry): EndpointFollowers {
  const gauge = (name: string, help: string) => registry.gauge(`endpoints_${name}`, help);
  const subscribers = new HeldGauges(
    gauge("subscribers", "Streams that follow the endpoints of a Service."),
  );
  const pods = gauge("pods", "Endpoints that a Service was last said to have.");
  const exists = gauge("exists", "1 where a Service was last said to be there.");
  const updates = registry.counter(
    "endpoints_updates",
    "How often the endpoints of a Service that is followed have changed.",
  );
  const labelsOf = ({ namespace, name, port, instance = "" }: EndpointQuery) => ({
    ...{ cluster: "local", namespace, service: name, port: String(port) },
    ...{ hostname: instance, nodename: "" },
  });
  return {
    joined: (query) => subscribers.joined(labelsOf(query)),
    left: (query) => subscribers.left(labelsOf(query)),
    changed: (query, set) => {
      const labels = labelsOf(query);
      updates.with(labels).increment();
      pods.with(labels).set(set.endpoints.size);
      exists.with(labels).set(Number(set.exists));
    },
  };
}
