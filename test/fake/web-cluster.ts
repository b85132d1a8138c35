/** A small cluster for tests of the controllers: Service `web` with pods in `shop`. */

import type { Namespace, Node, Pod, Service } from "#lib/k8s/types/core.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { FakeInformer } from "./informer.ts";

const listen = (which: string, port: number) => ({
  name: `LINKERD2_PROXY_${which}_LISTEN_ADDR`,
  value: `0.0.0.0:${port}`,
});

/** A meshed pod of `web`. */
export const fakePod = (name: string, ip: string): Pod => ({
  metadata: {
    name,
    namespace: "shop",
    labels: { "linkerd.io/control-plane-ns": "linkerd", app: "web" },
  },
  spec: {
    nodeName: "node-1",
    serviceAccountName: "web",
    containers: [
      { name: "app", ports: [{ containerPort: 8080, name: "http" }] },
      {
        name: "linkerd-proxy",
        env: [listen("INBOUND", 4143), listen("ADMIN", 4191), listen("CONTROL", 4190)],
      },
    ],
  },
  status: { podIP: ip },
});

/** The slice of `web` with the given pods as endpoints. */
export const fakeSlice = (pods: readonly Pod[], over: object = {}): EndpointSlice => ({
  metadata: { name: "web-1", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  ports: [{ name: "http", port: 8080 }],
  endpoints: pods.map(({ metadata, status }) => ({
    addresses: [status?.podIP ?? ""],
    conditions: { ready: true },
    nodeName: "node-1",
    targetRef: { kind: "Pod", name: metadata?.name ?? "", namespace: "shop" },
    ...over,
  })),
});

/** Informers of a cluster with one pod behind 10.96.0.1:80. */
export function fakeInformers(): {
  readonly pods: FakeInformer<Pod>;
  readonly services: FakeInformer<Service>;
  readonly slices: FakeInformer<EndpointSlice>;
  readonly namespaces: FakeInformer<Namespace>;
  readonly nodes: FakeInformer<Node>;
  readonly externalWorkloads: FakeInformer<CustomObject>;
  readonly servers: FakeInformer<CustomObject>;
} {
  const pod = fakePod("web-1", "10.1.0.1");
  return {
    pods: new FakeInformer<Pod>(pod),
    services: new FakeInformer<Service>({
      metadata: { name: "web", namespace: "shop" },
      spec: { clusterIP: "10.96.0.1", ports: [{ name: "http", port: 80, targetPort: 8080 }] },
    }),
    slices: new FakeInformer<EndpointSlice>(fakeSlice([pod])),
    namespaces: new FakeInformer<Namespace>({ metadata: { name: "shop" } }),
    nodes: new FakeInformer<Node>({
      metadata: { name: "node-1", labels: { "topology.kubernetes.io/zone": "a" } },
    }),
    externalWorkloads: new FakeInformer<CustomObject>(),
    servers: new FakeInformer<CustomObject>(),
  };
}

/** Options of such a cluster. */
export const CLUSTER_OPTIONS = {
  controllerNamespace: "linkerd",
  trustDomain: "cluster.local",
  h2Upgrade: true,
  transportHeader: true,
  opaquePorts: "25",
  ipv6: true,
} as const;
