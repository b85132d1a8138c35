/** The table of a server's routes, each rule with all who may go by it. */

import type { Filter } from "./filter.ts";
import type { HostMatch, RequestMatch } from "./request-match.ts";
import type { RouteTable } from "./route-match.ts";
import { prepareRoutes } from "./route-table.ts";
import type { Authorization, InboundRule, ServerLabels } from "./server-policy.ts";

/** A route as it was written. */
export interface InboundRoute {
  readonly labels: ServerLabels;
  readonly hosts: readonly HostMatch[];
  /** Who may go by it beside those whom the server lets in. */
  readonly authorizations: readonly Authorization[];
  readonly rules: readonly {
    readonly matches: readonly RequestMatch[];
    readonly filters: readonly Filter[];
    readonly fault: string | undefined;
  }[];
}

/** What a server without routes has: everything, as the server allows it. */
const DEFAULT_ROUTE: InboundRoute = {
  labels: { group: "", kind: "default", name: "default" },
  hosts: [],
  authorizations: [],
  rules: [{ matches: [], filters: [], fault: undefined }],
};

/** Makes the table of a server that lets these clients in. */
export function prepareInbound(
  routes: readonly InboundRoute[],
  server: readonly Authorization[],
): RouteTable<InboundRule> {
  const all = routes.length === 0 ? [DEFAULT_ROUTE] : routes;
  let count = 0;
  return prepareRoutes(
    all.map(({ labels, hosts, authorizations: own, rules }) => {
      const authorizations = [...own, ...server];
      return {
        hosts,
        rules: rules.map(({ matches, filters, fault }) => ({
          matches,
          target: { index: count++, labels, authorizations, filters, fault },
        })),
      };
    }),
  );
}
