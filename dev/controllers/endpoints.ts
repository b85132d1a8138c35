/** EndpointSlices, and Endpoints for old readers: the pods behind each Service. */

import { ENDPOINT_SLICES, type Resource, SERVICE_NAME, SERVICES } from "#lib/k8s/resource.ts";
import { matchesSelector } from "#lib/k8s/selector.ts";
import type { Pod, Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { type Backends, backendsOf } from "./backends.ts";
import { type Context, type Controller, from, keyOf, nameOf, startController } from "./context.ts";
import { sameJson } from "./status.ts";
import { templateHash } from "./template-hash.ts";

const MANAGED_BY = { "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" };
const ENDPOINTS: Resource<KubeObject & { subsets?: unknown }> = {
  ...SERVICES,
  plural: "endpoints",
  kind: "Endpoints",
  phantom: {},
};

/** Starts the controller. */
export function startEndpoints(context: Context): Controller {
  const { services, pods, endpointSlices } = context.informers;
  return startController(context, {
    name: "endpoints",
    sources: [
      from(services, (service) => [keyOf(service)]),
      from(pods, (pod) =>
        services
          .list()
          .filter((service) => selects(service, pod))
          .map(keyOf),
      ),
      from(endpointSlices, (slice) => {
        const name = slice.metadata?.labels?.[SERVICE_NAME];
        return name === undefined ? [] : [`${slice.metadata?.namespace ?? ""}/${name}`];
      }),
    ],
    reconcile: (key) => reconcile(context, key),
  });
}

function selects(service: Service, pod: Pod): boolean {
  const { selector } = service.spec ?? {};
  if (selector === undefined || Object.keys(selector).length === 0) return false;
  return (
    service.metadata?.namespace === pod.metadata?.namespace &&
    matchesSelector({ matchLabels: selector }, pod.metadata?.labels)
  );
}

async function reconcile(context: Context, key: string): Promise<void> {
  const { client, informers } = context;
  const name = nameOf(key);
  const service = informers.services.get(name);
  const labelSelector = `${SERVICE_NAME}=${name.name}`;
  const { items } = await client.list(ENDPOINT_SLICES, {
    namespace: name.namespace,
    labelSelector,
  });
  const ours = items.filter(
    (slice) =>
      slice.metadata?.labels?.["endpointslice.kubernetes.io/managed-by"] ===
      MANAGED_BY["endpointslice.kubernetes.io/managed-by"],
  );
  const gone =
    service === undefined ||
    service.metadata?.deletionTimestamp !== undefined ||
    service.spec?.type === "ExternalName";
  if (!gone && Object.keys(service.spec?.selector ?? {}).length === 0) return;
  const pods = gone ? [] : informers.pods.list().filter((pod) => selects(service, pod));
  const backends = gone ? [] : backendsOf(service, pods);
  const wanted = gone ? [] : slicesOf(service, backends);
  for (const slice of wanted)
    await write(context, {
      slice,
      before: ours.find((each) => each.metadata?.name === slice.metadata?.name),
    });
  const kept = new Set(wanted.map((slice) => slice.metadata?.name));
  for (const { metadata } of ours)
    if (!kept.has(metadata?.name))
      await client.delete(ENDPOINT_SLICES, {
        name: metadata?.name ?? "",
        namespace: name.namespace,
      });
  if (gone) await client.delete(ENDPOINTS, name);
  else await writeLegacy(context, { service, backends });
}

function slicesOf(service: Service, backends: readonly Backends[]): EndpointSlice[] {
  const { name = "", namespace = "", uid = "", labels } = service.metadata ?? {};
  return backends.map(({ family, ports, endpoints }) => ({
    metadata: {
      name: `${name}-${templateHash([uid, ports, family]).slice(0, 5)}`,
      namespace,
      labels: {
        ...labels,
        ...MANAGED_BY,
        [SERVICE_NAME]: name,
        ...(service.spec?.clusterIP === "None" && { "service.kubernetes.io/headless": "" }),
      },
      ownerReferences: [
        {
          apiVersion: "v1",
          kind: "Service",
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    addressType: family,
    ports: [...ports],
    endpoints: [...endpoints],
  }));
}

async function write(
  { client }: Context,
  { slice, before }: { readonly slice: EndpointSlice; readonly before: EndpointSlice | undefined },
): Promise<void> {
  if (before === undefined) {
    await client.create(ENDPOINT_SLICES, slice);
    return;
  }
  const same = sameJson(
    [before.ports, before.endpoints, before.metadata?.labels],
    [slice.ports, slice.endpoints, slice.metadata?.labels],
  );
  if (!same)
    await client.replace(ENDPOINT_SLICES, {
      ...before,
      ...slice,
      metadata: { ...before.metadata, ...slice.metadata },
    });
}

async function writeLegacy(
  { client }: Context,
  { service, backends }: { readonly service: Service; readonly backends: readonly Backends[] },
): Promise<void> {
  const { name = "", namespace = "", labels } = service.metadata ?? {};
  const [primary] = backends;
  const subsets = backends.flatMap(({ family, ports, endpoints }) => {
    // It has room for one family.
    if (family !== primary?.family) return [];
    const addresses = (ready: boolean): unknown[] =>
      endpoints
        .filter(({ conditions }) => conditions?.ready === ready && conditions.terminating !== true)
        .map((endpoint) => ({
          ip: endpoint.addresses[0],
          nodeName: endpoint.nodeName,
          targetRef: endpoint.targetRef,
        }));
    const [ready, others] = [addresses(true), addresses(false)];
    if (ready.length + others.length === 0) return [];
    return [
      {
        ...(ready.length > 0 && { addresses: ready }),
        ...(others.length > 0 && { notReadyAddresses: others }),
        ports,
      },
    ];
  });
  const before = await client.get(ENDPOINTS, { name, namespace });
  if (before === undefined)
    await client.create(ENDPOINTS, {
      metadata: { name, namespace, ...(labels && { labels }) },
      subsets,
    });
  else if (!sameJson(before.subsets, subsets))
    await client.replace(ENDPOINTS, { ...before, subsets });
}
