/** The pods of a Service as endpoints, grouped by the ports they serve on. Pure. */

import type { Pod, Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { isEnded, isReady } from "./pod-state.ts";
import { sorted } from "./status.ts";

type Port = NonNullable<EndpointSlice["ports"]>[number];
type Endpoint = NonNullable<EndpointSlice["endpoints"]>[number];
type ServicePort = NonNullable<NonNullable<Service["spec"]>["ports"]>[number];

/** Endpoints that share their ports. */
export interface Backends {
  readonly ports: readonly Port[];
  readonly endpoints: readonly Endpoint[];
}

/** One group for each set of ports; a group without endpoints where there are no pods. */
export function backendsOf(service: Service, pods: readonly Pod[]): Backends[] {
  const groups = new Map<string, { ports: Port[]; endpoints: Endpoint[] }>();
  const reachable = pods.filter((pod) => pod.status?.podIP !== undefined && !isEnded(pod));
  for (const pod of reachable.toSorted((a, b) =>
    (a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1,
  )) {
    const ports = (service.spec?.ports ?? []).flatMap((port) => portOn(pod, port));
    const key = JSON.stringify(sorted(ports));
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(service, pod));
  }
  if (groups.size > 0) return [...groups.values()];
  const ports = (service.spec?.ports ?? []).flatMap((port) =>
    typeof port.targetPort === "number" ? [named(port, port.targetPort)] : [],
  );
  return [{ ports, endpoints: [] }];
}

/** The port of a pod that a Service's port means: a number, or the name of a container's port. */
function portOn(pod: Pod, port: ServicePort): Port[] {
  const target = port.targetPort as number | string | undefined;
  if (typeof target !== "string") return [named(port, target ?? port.port)];
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const found = containers
    .flatMap((container) => container.ports ?? [])
    .find(
      ({ name, protocol }) => name === target && (protocol ?? "TCP") === (port.protocol ?? "TCP"),
    );
  return found === undefined ? [] : [named(port, found.containerPort)];
}

function named(port: ServicePort, number: number): Port {
  return {
    name: port.name ?? "",
    port: number,
    protocol: port.protocol ?? "TCP",
    ...(port.appProtocol !== undefined && { appProtocol: port.appProtocol }),
  };
}

function endpointOf(service: Service, pod: Pod): Endpoint {
  const { name, namespace, uid } = pod.metadata ?? {};
  const terminating = pod.metadata?.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const always = service.spec?.publishNotReadyAddresses === true;
  const { hostname, subdomain, nodeName } = pod.spec ?? {};
  return {
    addresses: [pod.status?.podIP ?? ""],
    conditions: {
      ready: always || (serving && !terminating),
      serving: always || serving,
      terminating,
    },
    ...(hostname !== undefined && subdomain === service.metadata?.name && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    targetRef: { kind: "Pod", name, namespace, uid } as NonNullable<Endpoint["targetRef"]>,
  };
}
