/** The pods of a Service as endpoints, grouped by the ports they serve on. Pure. */

import { familyOf, type IpFamily } from "#lib/addr/ip.ts";
import type { Pod, Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { isEnded, isReady } from "./pod-state.ts";
import { sorted } from "./status.ts";

type Port = NonNullable<EndpointSlice["ports"]>[number];
type Endpoint = NonNullable<EndpointSlice["endpoints"]>[number];
type ServicePort = NonNullable<NonNullable<Service["spec"]>["ports"]>[number];

/** Endpoints of one family that share their ports. */
export interface Backends {
  readonly family: IpFamily;
  readonly ports: readonly Port[];
  readonly endpoints: readonly Endpoint[];
}

/** The groups of each of the Service's families. */
export function backendsOf(service: Service, pods: readonly Pod[]): Backends[] {
  const families = (service.spec?.ipFamilies ?? ["IPv4"]) as readonly IpFamily[];
  return families.flatMap((family) => groupsOf(service, pods, family));
}

/** One group for each set of ports; a group without endpoints where there are no pods. */
function groupsOf(service: Service, pods: readonly Pod[], family: IpFamily): Backends[] {
  const groups = new Map<string, { family: IpFamily; ports: Port[]; endpoints: Endpoint[] }>();
  for (const pod of pods.toSorted((a, b) =>
    (a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1,
  )) {
    const ip = addressOf(pod, family);
    if (ip === undefined || isEnded(pod)) continue;
    const ports = (service.spec?.ports ?? []).flatMap((port) => portOn(pod, port));
    const key = JSON.stringify(sorted(ports));
    const group = groups.get(key) ?? { family, ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(service, pod, ip));
  }
  if (groups.size > 0) return [...groups.values()];
  const ports = (service.spec?.ports ?? []).flatMap((port) =>
    typeof port.targetPort === "number" ? [named(port, port.targetPort)] : [],
  );
  return [{ family, ports, endpoints: [] }];
}

/** The pod's address of a family, once it has one. */
function addressOf({ status }: Pod, family: IpFamily): string | undefined {
  const { podIP = "", podIPs = [{ ip: podIP }] } = status ?? {};
  return podIPs.map(({ ip = "" }) => ip).find((ip) => ip !== "" && familyOf(ip) === family);
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

function endpointOf(service: Service, pod: Pod, ip: string): Endpoint {
  const { name, namespace, uid } = pod.metadata ?? {};
  const terminating = pod.metadata?.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const always = service.spec?.publishNotReadyAddresses === true;
  const { hostname, subdomain, nodeName } = pod.spec ?? {};
  return {
    addresses: [ip],
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
