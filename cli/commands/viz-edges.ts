/** `viz edges`: who talks to whom, and whether that is secured. */

import { type Command, Option } from "commander";
import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { type Edge, edgesOf } from "../../viz/core/edges.ts";
import { isMeshed } from "../check/proxies.ts";
import { addCommand, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { scrapeOnce } from "../scraping.ts";
import { writeRows } from "../table.ts";
import { findWorkloads, type Named, parseWorkloads, podsOf, type Workload } from "../workloads.ts";

type Flags = {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly output: "table" | "wide" | "json";
};

/** An edge with the identity of its source, as it has one in the mesh. */
type Row = Edge & { readonly clientId: string };

/** Adds `viz edges`. */
export function addVizEdges(viz: Command, context: Context): void {
  const command = addCommand(viz, {
    usage: "edges <WORKLOADS...>",
    summary: "Display connections between resources, and the identities of clients and servers",
    details:
      "WORKLOADS are kinds (deploy, ds, sts, rs) with or without a name. The proxies of all meshed workloads of these kinds are asked whom they talk to; edges that begin or end at a workload that was named are shown.",
    examples: [["All edges between deployments", "bunkerd viz edges deploy -n shop"]],
  })
    .option("-n, --namespace <name>", "Namespace of the resources; the context's unless given")
    .option("-A, --all-namespaces", "Ignore --namespace and use all namespaces")
    .addOption(
      new Option("-o, --output <format>", "Output format")
        .choices(["table", "wide", "json"])
        .default("table"),
    );
  command.action(async (words: string[]) => {
    const flags = flagsOf<Flags>(command);
    const { client, namespace: own } = await context.connect(flags);
    const namespace = flags.allNamespaces === true ? undefined : (flags.namespace ?? own);
    const { items } = await client.list(PODS, {});
    const meshed = items.filter((pod) => isMeshed(pod, flags.linkerdNamespace));
    const rows: Row[] = [];
    const asked = parseWorkloads(words);
    for (const kind of new Set(asked.map((named) => named.kind))) {
      // Callers may stand in any namespace.
      const every: Named = { kind, name: undefined };
      const sources = await findWorkloads(client, { named: every, namespace: undefined });
      const all = await edgesFrom(sources, meshed, { kind: kind.name, client, context });
      const names = asked.filter((named) => named.kind === kind).map(({ name }) => name);
      rows.push(...all.filter((edge) => names.some((name) => touches(edge, { name, namespace }))));
    }
    print(rows, flags, context);
  });
}

async function edgesFrom(
  sources: readonly Workload[],
  meshed: readonly Pod[],
  how: {
    readonly kind: string;
    readonly client: Parameters<typeof scrapeOnce>[0];
    readonly context: Context;
  },
): Promise<Row[]> {
  const owned = sources.map((workload) => ({ workload, pods: podsOf(workload, meshed) }));
  const pods = owned.flatMap((each) => each.pods);
  const scraped = await scrapeOnce(how.client, { pods, context: how.context });
  const rows = new Map<string, Row>();
  for (const { workload, pods: own } of owned)
    for (const pod of own) {
      const { name = "", namespace = "" } = workload.metadata ?? {};
      const clientId = `${pod.spec?.serviceAccountName ?? "default"}.${namespace}`;
      const found = { samples: scraped.get(pod) ?? [], kind: how.kind };
      for (const edge of edgesOf({ name, namespace }, found)) {
        const row = { ...edge, clientId };
        rows.set(JSON.stringify(row), row);
      }
    }
  return [...rows.values()];
}

function touches(
  { source, target }: Edge,
  {
    name,
    namespace,
  }: { readonly name: string | undefined; readonly namespace: string | undefined },
): boolean {
  return [source, target].some(
    (end) =>
      (name === undefined || end.name === name) &&
      (namespace === undefined || end.namespace === namespace),
  );
}

const keyOf = ({ source, target }: Row): string =>
  [source.namespace, source.name, target.namespace, target.name].join("/");

/** `web.shop` of `web.shop.serviceaccount.identity.linkerd.cluster.local`. */
const shortId = (id: string | undefined): string => id?.replace(/\.serviceaccount\..*/, "") ?? "";

function print(all: readonly Row[], { output }: Flags, { terminal }: Context): void {
  const wide = output === "wide";
  const titles = [
    ...["SRC", "DST", "SRC_NS", "DST_NS"],
    ...(wide ? ["CLIENT_ID", "SERVER_ID"] : []),
    "SECURED",
  ];
  const cells = ({ source, target, clientId, serverId, noTlsReason }: Row): string[] => [
    ...[source.name, target.name, source.namespace, target.namespace],
    ...(wide ? [noTlsReason === undefined ? clientId : "-", shortId(serverId) || "-"] : []),
    noTlsReason ?? "√",
  ];
  writeRows(
    all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    {
      ...{ json: output === "json", toJson: jsonOf, none: "No edges found.", cells },
      columns: titles.map((title) => ({ title, left: true })),
    },
    terminal,
  );
}

function jsonOf({ source, target, clientId, serverId, noTlsReason }: Row): Record<string, unknown> {
  return {
    src: source.name,
    src_namespace: source.namespace,
    dst: target.name,
    dst_namespace: target.namespace,
    client_id: noTlsReason === undefined ? clientId : "",
    server_id: shortId(serverId),
    no_tls_reason: noTlsReason ?? "",
  };
}
