/** Objects as the informers keep them: this folder can read no more than is kept. */

import type { Container, Pod, Probe, Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import type { ObjectMeta } from "#lib/k8s/types/meta.ts";

/** Of annotations only ours. */
export type KeptMetadata = Pick<
  ObjectMeta,
  "name" | "namespace" | "uid" | "resourceVersion" | "labels" | "annotations"
>;

/** Of a namespace or a node. */
export type KeptNames = { metadata?: KeptMetadata };

/** Who it is, where it runs, its ports and probes, and where its proxy listens. */
export type KeptPod = {
  metadata?: KeptMetadata & Pick<ObjectMeta, "ownerReferences">;
  spec?: Pick<PodSpec, "nodeName" | "hostNetwork" | "serviceAccountName"> & {
    containers: KeptContainer[];
    initContainers?: KeptContainer[];
  };
  status?: KeptPodStatus;
};
type PodSpec = NonNullable<Pod["spec"]>;
export type KeptPodStatus = Pick<
  NonNullable<Pod["status"]>,
  "phase" | "podIP" | "podIPs" | "hostIP" | "hostIPs"
>;

/** Of variables only those of a proxy that say where it listens. */
export type KeptContainer = Pick<Container, "name" | "ports" | "env"> & {
  livenessProbe?: KeptProbe;
  readinessProbe?: KeptProbe;
  startupProbe?: KeptProbe;
};
export type KeptProbe = { httpGet?: Pick<NonNullable<Probe["httpGet"]>, "port" | "path"> };

export type KeptService = { metadata?: KeptMetadata } & Pick<Service, "spec">;

export type KeptSlice = { metadata?: KeptMetadata } & Pick<
  EndpointSlice,
  "addressType" | "ports"
> & { endpoints?: KeptEndpoint[] };

type SliceEndpoint = NonNullable<EndpointSlice["endpoints"]>[number];
export type KeptEndpoint = Pick<
  SliceEndpoint,
  "addresses" | "hostname" | "nodeName" | "zone" | "hints"
> & {
  conditions?: Pick<NonNullable<SliceEndpoint["conditions"]>, "ready">;
  targetRef?: Pick<NonNullable<SliceEndpoint["targetRef"]>, "kind" | "name" | "namespace">;
};

/** An object of a kind of the mesh's own or of the Gateway API: its spec is kept whole, as its readers must see what they do not know. */
export type KeptPolicy = {
  metadata?: KeptMetadata & Pick<ObjectMeta, "creationTimestamp" | "generation">;
  spec?: unknown;
  /** Kept as it is of kinds whose status the mesh writes, and of ExternalWorkloads: whether they are ready. */
  status?: unknown;
};
