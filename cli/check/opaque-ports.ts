/** Category linkerd-opaque-ports-definition: a Service and its pods agree on which ports are opaque. */

import { OPAQUE_PORTS, type PortRange, parsePortRanges } from "#lib/k8s/annotations.ts";
import { PODS, SERVICES } from "#lib/k8s/resource.ts";
import { matchesSelector } from "#lib/k8s/selector.ts";
import type { Pod, Service } from "#lib/k8s/types/core.ts";
import { namedPorts } from "../../controller/injector/environment.ts";
import { type Category, expectNone } from "./check.ts";
import { live } from "./objects.ts";
import { isMeshed } from "./proxies.ts";

/** The checks. */
export const OPAQUE_PORTS_DEFINITION: Category = {
  name: "linkerd-opaque-ports-definition",
  checks: [
    {
      description: "opaque ports are properly annotated",
      anchor: "linkerd-opaque-ports-definition",
      severity: "warning",
      run: async ({ client, namespace, linkerdNamespace }) => {
        const pods = live((await client.list(PODS, { namespace })).items).filter((pod) =>
          isMeshed(pod, linkerdNamespace),
        );
        const { items } = await client.list(SERVICES, { namespace });
        expectNone(
          "Some opaque ports are not annotated on both sides",
          items.flatMap((service) => disagreements(service, selected(service, pods))),
        );
      },
    },
  ],
};

/** The pods that a Service sends to; an empty selector chooses nobody here. */
function selected({ metadata, spec }: Service, pods: readonly Pod[]): Pod[] {
  const matchLabels = spec?.selector ?? {};
  if (Object.keys(matchLabels).length === 0) return [];
  return pods.filter(
    (pod) =>
      pod.metadata?.namespace === metadata?.namespace &&
      matchesSelector({ matchLabels }, pod.metadata?.labels),
  );
}

const rangesOf = (
  { metadata }: Service | Pod,
  names: ReadonlyMap<string, number>,
): readonly PortRange[] => parsePortRanges(metadata?.annotations?.[OPAQUE_PORTS] ?? "", names);
const holds = (ranges: readonly PortRange[], port: number): boolean =>
  ranges.some(({ from, to }) => from <= port && port <= to);

/** One line for each port that one of both calls opaque and the other does not. */
function disagreements(service: Service, pods: readonly Pod[]): string[] {
  const name = `service ${service.metadata?.namespace}/${service.metadata?.name}`;
  const found = pods.flatMap((pod) => {
    const names = namedPorts(pod);
    const podRanges = rangesOf(pod, names);
    const serviceRanges = rangesOf(service, names);
    return (service.spec?.ports ?? []).flatMap(({ port, targetPort = port }) => {
      const target = typeof targetPort === "number" ? targetPort : names.get(targetPort);
      if (target === undefined) return [];
      // A Service's list has its own ports; the injector's default has those of its pods.
      const here = holds(serviceRanges, port) || holds(serviceRanges, target);
      if (here === holds(podRanges, target)) return [];
      const [missing, whose] = here ? [target, `pod ${pod.metadata?.name}`] : [port, name];
      return [
        `${name} targets port ${target} by port ${port}: add ${missing} to ${OPAQUE_PORTS} of ${whose} too`,
      ];
    });
  });
  return [...new Set(found)];
}
