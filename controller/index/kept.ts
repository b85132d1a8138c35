/** What the informers keep of objects: what this folder reads, and the labels that policy selects by. A meshed pod is 10 KB, of which that is a tenth. */

import type { Container, Namespace, Node, Pod, Probe, Service } from "#lib/k8s/types/core.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import type { ObjectMeta } from "#lib/k8s/types/meta.ts";
import type {
  KeptContainer,
  KeptEndpoint,
  KeptMetadata,
  KeptNames,
  KeptPod,
  KeptPodStatus,
  KeptPolicy,
  KeptProbe,
  KeptService,
  KeptSlice,
} from "./kept-objects.ts";
import { LISTEN_VARIABLES, PROXY_CONTAINER } from "./pods.ts";

/** Annotations of Linkerd's names and of ours. */
const OURS = /(?:^|\.)(?:linkerd|bunkerd)\.io\//;

/** Of a pod: who it is, where it runs, its ports and probes, and where its proxy listens. */
export function keptPod({ metadata, spec, status }: Pod): KeptPod {
  const { initContainers, containers, nodeName, hostNetwork, serviceAccountName } = spec ?? {};
  const owners = metadata?.ownerReferences?.map(({ apiVersion, kind, name, uid, controller }) => ({
    ...{ apiVersion, kind, name, uid },
    ...(controller !== undefined && { controller }),
  }));
  return {
    metadata: { ...keptMetadata(metadata), ...(owners && { ownerReferences: owners }) },
    spec: {
      containers: (containers ?? []).map(keptContainer),
      ...(initContainers && { initContainers: initContainers.map(keptContainer) }),
      ...(nodeName !== undefined && { nodeName }),
      ...(hostNetwork !== undefined && { hostNetwork }),
      ...(serviceAccountName !== undefined && { serviceAccountName }),
    },
    ...(status && { status: keptStatus(status) }),
  };
}

/** Of a Service all but what nobody reads of its metadata, and its status. */
export const keptService = ({ metadata, spec }: Service): KeptService => ({
  metadata: keptMetadata(metadata),
  ...(spec && { spec }),
});

/** Of an EndpointSlice all but what nobody reads of its metadata and of its endpoints' conditions. */
export const keptSlice = ({
  metadata,
  addressType,
  ports,
  endpoints,
}: EndpointSlice): KeptSlice => ({
  metadata: keptMetadata(metadata),
  addressType,
  ...(ports && { ports }),
  endpoints: endpoints?.map(keptEndpoint) ?? [],
});

function keptEndpoint(endpoint: NonNullable<EndpointSlice["endpoints"]>[number]): KeptEndpoint {
  const { addresses, conditions, hostname, nodeName, zone, hints, targetRef } = endpoint;
  const { kind, name, namespace } = targetRef ?? {};
  return {
    addresses,
    ...(conditions?.ready === false && { conditions: { ready: false } }),
    ...(hostname !== undefined && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    ...(zone !== undefined && { zone }),
    ...(hints && { hints }),
    ...(targetRef && {
      targetRef: {
        ...(kind !== undefined && { kind }),
        ...(name !== undefined && { name }),
        ...(namespace !== undefined && { namespace }),
      },
    }),
  };
}

/** Of a namespace or a node only names, labels and our annotations. */
export const keptNames = ({ metadata }: Namespace | Node): KeptNames => ({
  metadata: keptMetadata(metadata),
});

/** Of a kind of the mesh's own or of the Gateway API its spec, and what orders objects. */
export const keptPolicy = ({ metadata, spec }: CustomObject): KeptPolicy => ({
  metadata: {
    ...keptMetadata(metadata),
    ...(metadata?.creationTimestamp && { creationTimestamp: metadata.creationTimestamp }),
    ...(metadata?.generation !== undefined && { generation: metadata.generation }),
  },
  spec,
});

/** The same with the status, of kinds whose status the mesh writes or reads. */
export const keptWithStatus = (object: CustomObject): KeptPolicy => ({
  ...keptPolicy(object),
  ...(object.status !== undefined && { status: object.status }),
});

function keptMetadata(metadata: ObjectMeta | undefined): KeptMetadata {
  const { name, namespace, uid, resourceVersion, labels, annotations } = metadata ?? {};
  const ours = Object.entries(annotations ?? {}).filter(([key]) => OURS.test(key));
  return {
    ...(name !== undefined && { name }),
    ...(namespace !== undefined && { namespace }),
    // Who takes the place of another of that name is told by it.
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(labels && { labels }),
    ...(ours.length > 0 && { annotations: Object.fromEntries(ours) }),
  };
}

function keptContainer(container: Container): KeptContainer {
  const { name, ports, env, livenessProbe, readinessProbe, startupProbe } = container;
  const listens =
    name === PROXY_CONTAINER
      ? (env ?? []).filter((each) => LISTEN_VARIABLES.includes(each.name))
      : [];
  return {
    name,
    ...(ports && { ports }),
    ...(listens.length > 0 && { env: listens }),
    ...(livenessProbe?.httpGet && { livenessProbe: keptProbe(livenessProbe) }),
    ...(readinessProbe?.httpGet && { readinessProbe: keptProbe(readinessProbe) }),
    ...(startupProbe?.httpGet && { startupProbe: keptProbe(startupProbe) }),
  };
}

const keptProbe = ({ httpGet }: Probe): KeptProbe => ({
  ...(httpGet && {
    httpGet: { port: httpGet.port, ...(httpGet.path !== undefined && { path: httpGet.path }) },
  }),
});

function keptStatus(status: NonNullable<Pod["status"]>): KeptPodStatus {
  const { phase, podIP, podIPs, hostIP, hostIPs } = status;
  return {
    ...(phase !== undefined && { phase }),
    ...(podIP !== undefined && { podIP }),
    ...(podIPs && { podIPs }),
    ...(hostIP !== undefined && { hostIP }),
    ...(hostIPs && { hostIPs }),
  };
}
