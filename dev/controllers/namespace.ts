/** Namespaces: each has its ServiceAccount and its root certificate, and is emptied before it goes. */

import { CONFIG_MAPS, NAMESPACES, type Resource, SERVICE_ACCOUNTS } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { BUILT_IN } from "#lib/kube-api/kinds.ts";
import { type Context, type Controller, from, nameOf, startController } from "./context.ts";
import type { WorkQueue } from "./work-queue.ts";

/** Milliseconds between looks at a namespace that is not empty yet. */
const EMPTYING_MS = 200;
const ROOT_CA = "kube-root-ca.crt";
type Definition = KubeObject & {
  spec?: {
    group: string;
    scope: string;
    names: { plural: string; kind: string };
    versions: { name: string; served: boolean }[];
  };
};
const DEFINITIONS: Resource<Definition> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

/** Starts the controller; `rootCaPem` is what pods trust the API server by. */
export function startNamespaces(context: Context, rootCaPem: string): Controller {
  const { namespaces, serviceAccounts, configMaps } = context.informers;
  const owner = (object: KubeObject): string[] => [`/${object.metadata?.namespace ?? ""}`];
  return startController(context, {
    name: "namespace",
    sources: [
      from(namespaces, (namespace) => [`/${namespace.metadata?.name ?? ""}`]),
      from(serviceAccounts, (account) =>
        account.metadata?.name === "default" ? owner(account) : [],
      ),
      from(configMaps, (map) => (map.metadata?.name === ROOT_CA ? owner(map) : [])),
    ],
    reconcile: (key, queue) => reconcile(context, { key, queue, rootCaPem }),
  });
}

async function reconcile(
  context: Context,
  {
    key,
    queue,
    rootCaPem,
  }: { readonly key: string; readonly queue: WorkQueue; readonly rootCaPem: string },
): Promise<void> {
  const { client } = context;
  const { name } = nameOf(key);
  const namespace = await client.get(NAMESPACES, { name });
  if (namespace === undefined) return;
  if (namespace.metadata?.deletionTimestamp !== undefined) {
    if ((await empty(context, name)) > 0) queue.addAfter(key, EMPTYING_MS);
    else
      await client.patch(
        NAMESPACES,
        { name },
        { type: "merge", subresource: "finalize", body: { spec: { finalizers: [] } } },
      );
    return;
  }
  if ((await client.get(SERVICE_ACCOUNTS, { name: "default", namespace: name })) === undefined)
    await client.create(SERVICE_ACCOUNTS, { metadata: { name: "default", namespace: name } });
  const data = { "ca.crt": rootCaPem };
  const map = await client.get(CONFIG_MAPS, { name: ROOT_CA, namespace: name });
  if (map === undefined)
    await client.create(CONFIG_MAPS, { metadata: { name: ROOT_CA, namespace: name }, data });
  else if (map.data?.["ca.crt"] !== rootCaPem) await client.replace(CONFIG_MAPS, { ...map, data });
}

/** Deletes what a namespace holds; returns how much was left. */
async function empty({ client }: Context, namespace: string): Promise<number> {
  let left = 0;
  for (const resource of await namespacedKinds(client)) {
    const { items } = await client.list(resource, { namespace });
    left += items.length;
    for (const { metadata } of items)
      if (metadata?.deletionTimestamp === undefined)
        await client.delete(resource, { name: metadata?.name ?? "", namespace });
  }
  return left;
}

async function namespacedKinds(client: Context["client"]): Promise<Resource[]> {
  const { items } = await client.list(DEFINITIONS);
  const custom = items.flatMap(({ spec }) => {
    const version = spec?.versions.find(({ served }) => served)?.name;
    if (spec === undefined || version === undefined || spec.scope !== "Namespaced") return [];
    return [
      {
        group: spec.group,
        version,
        plural: spec.names.plural,
        kind: spec.names.kind,
        namespaced: true,
      },
    ];
  });
  return [...custom, ...BUILT_IN.filter(({ namespaced, ephemeral }) => namespaced && !ephemeral)];
}
