/** `authz`: which policies say who may call a workload. */

import type { Command } from "commander";
import {
  AUTHORIZATION_POLICIES,
  GRPC_ROUTES,
  HTTP_ROUTES,
  LINKERD_HTTP_ROUTES,
  PODS,
  type Resource,
  SERVER_AUTHORIZATIONS,
  SERVERS,
} from "#lib/k8s/resource.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import { authorizationsOf } from "../authorizations.ts";
import { addCommand, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { listServed } from "../served-kinds.ts";
import { renderTable } from "../table.ts";
import { findWorkloads, parseWorkloads, podsOf, WORKLOAD_WORDS } from "../workloads.ts";

const COLUMNS = ["ROUTE", "SERVER", "AUTHORIZATION_POLICY", "SERVER_AUTHORIZATION"].map(
  (title) => ({ title, left: true }),
);

/** Adds `authz`. */
export function addAuthz(root: Command, context: Context): void {
  const command = addCommand(root, {
    usage: "authz <WORKLOADS...>",
    summary: "List authorizations for a resource",
    details: `WORKLOADS are kinds ${WORKLOAD_WORDS}. A route of * stands for all that the Server is about.`,
    examples: [["Who may call one deployment", "bunkerd authz deploy/web -n shop"]],
  }).option("-n, --namespace <name>", "Namespace of the resource; the context's unless given");
  command.action(async (words: string[]) => {
    const flags = flagsOf<{ readonly namespace?: string }>(command);
    const named = parseWorkloads(words);
    const { client, namespace: own } = await context.connect(flags);
    const namespace = flags.namespace ?? own;
    const { items } = await client.list(PODS, { namespace });
    const workloads = await Promise.all(
      named.map((each) => findWorkloads(client, { named: each, namespace })),
    );
    const pods = workloads.flat().flatMap((workload) => podsOf(workload, items));
    /** Lists do not say what their items are. */
    const all = async (resource: Resource<CustomObject>): Promise<readonly CustomObject[]> => {
      const listed = await listServed(client, resource, { namespace });
      const { group, version, kind } = resource;
      return listed.map((each) => ({ ...each, apiVersion: `${group}/${version}`, kind }));
    };
    const routes = [LINKERD_HTTP_ROUTES, HTTP_ROUTES, GRPC_ROUTES].map(all);
    const policies = {
      servers: await all(SERVERS),
      serverAuthorizations: await all(SERVER_AUTHORIZATIONS),
      authorizationPolicies: await all(AUTHORIZATION_POLICIES),
      routes: (await Promise.all(routes)).flat(),
    };
    const { terminal } = context;
    const rows = authorizationsOf(pods, policies, (text) => terminal.warn(`${text}\n`));
    const cells = rows.map(({ route, server, authorizationPolicy, serverAuthorization }) => [
      ...[route, server, authorizationPolicy, serverAuthorization],
    ]);
    terminal.write(renderTable(COLUMNS, cells));
  });
}
