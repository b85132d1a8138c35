/** A request of the outbound side as those see it who look at it. */

import type { TapSubject } from "../tap/tap-match.ts";
import { type TapLabels, tapTls } from "../tap/tap-values.ts";
import type { EndpointClient } from "./endpoint.ts";
import type { OutboundRequest } from "./outbound-route.ts";

/** Where an application's own calls come from. */
const LOOPBACK: TapLabels = { tls: "loopback" };

/** The request, at the endpoint that it goes to. */
export function tapSubject({ request, route }: OutboundRequest): TapSubject {
  const client = route.endpoint as EndpointClient;
  const { addr, labels } = client.endpoint;
  const { client: from } = route;
  return {
    direction: "outbound",
    request,
    source: from && { ip: from.remoteAddress, port: from.remotePort },
    destination: addr,
    sourceTls: LOOPBACK,
    destinationTls: tapTls(client.tlsLabels),
    destinationLabels: labels,
    routeLabels: routeLabels(route.rule?.profileLabels),
  };
}

/** Those of a profile's route. */
function routeLabels(labels: TapLabels | undefined): TapLabels | undefined {
  const found = Object.entries(labels ?? {}).filter(([name]) => name.startsWith("rt_"));
  if (labels === undefined) return undefined;
  return Object.fromEntries(found.map(([name, value]) => [name.slice(3), value]));
}
