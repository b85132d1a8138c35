/** What the role `destination` watches of the cluster itself. */

import { type InformerOptions, startInformer } from "#lib/k8s/informer.ts";
import {
  ENDPOINT_SLICES,
  NAMESPACES,
  NODES,
  PODS,
  type Resource,
  SERVICES,
} from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Informers } from "../index/cluster.ts";
import { keptNames, keptPod, keptService, keptSlice } from "../index/kept.ts";
import { hasMarks, isEndpointSlice, isPod, isService } from "../index/shapes.ts";
import type { Surroundings } from "../runtime/role.ts";

/** Starts to watch pods, Services, their endpoints, namespaces and nodes, and keeps of each what is read. */
export function watchCluster({
  client,
  clock,
  random,
  log,
}: Surroundings): Omit<Informers, "externalWorkloads" | "servers"> {
  const logger = log.target("linkerd_destination");
  const watch = <T extends KubeObject>(
    resource: Resource<T>,
    how: Pick<InformerOptions<T>, "accepts" | "keep">,
  ): ReturnType<typeof startInformer<T>> =>
    startInformer({ client, resource, clock, random, logger, ...how });
  return {
    pods: watch(PODS, { accepts: isPod, keep: keptPod }),
    services: watch(SERVICES, { accepts: isService, keep: keptService }),
    slices: watch(ENDPOINT_SLICES, { accepts: isEndpointSlice, keep: keptSlice }),
    namespaces: watch(NAMESPACES, { accepts: hasMarks, keep: keptNames }),
    nodes: watch(NODES, { accepts: hasMarks, keep: keptNames }),
  };
}
