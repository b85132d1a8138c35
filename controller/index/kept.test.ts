import { expect, test } from "bun:test";
import type { Pod, Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { CLUSTER_OPTIONS, fakeInformers } from "../../test/fake/web-cluster.ts";
import { Cluster } from "./cluster.ts";
import { keptNames, keptPod, keptPolicy, keptService, keptSlice, keptWithStatus } from "./kept.ts";
import { toWorkload } from "./pods.ts";
import { toServiceView } from "./services.ts";

const MANAGED = { managedFields: [{ manager: "kubelet", operation: "Update" }] };
const listen = (which: string, value: string) => ({
  name: `LINKERD2_PROXY_${which}_LISTEN_ADDR`,
  value,
});

/** With all that is read, and more. */
const pod: Pod = {
  metadata: {
    ...MANAGED,
    name: "web-1",
    namespace: "shop",
    resourceVersion: "7",
    uid: "u",
    labels: { "linkerd.io/control-plane-ns": "linkerd", "pod-template-hash": "abc", app: "web" },
    annotations: {
      "config.linkerd.io/opaque-ports": "db",
      "config.linkerd.io/skip-inbound-ports": "9000",
      "config.bunkerd.io/trust-watch": "false",
      "linkerd.io/inject": "enabled",
      "kubectl.kubernetes.io/last-applied-configuration": "long",
      "notlinkerd.io/other": "x",
    },
    ownerReferences: [
      { apiVersion: "v1", kind: "Node", name: "n", uid: "2", controller: false },
      { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-abc", uid: "1" },
    ],
  },
  spec: {
    nodeName: "node-1",
    hostNetwork: false,
    serviceAccountName: "web",
    volumes: [{ name: "data", emptyDir: {} }],
    tolerations: [{ key: "x" }],
    initContainers: [
      {
        name: "linkerd-proxy",
        image: "proxy",
        env: [
          listen("INBOUND", "0.0.0.0:4143"),
          listen("ADMIN", "[::]:4191"),
          listen("CONTROL", "0.0.0.0:4190"),
          { name: "LINKERD2_PROXY_LOG", value: "info" },
        ],
      },
    ],
    containers: [
      {
        name: "app",
        image: "app",
        ports: [
          { name: "db", containerPort: 5432 },
          { name: "http", containerPort: 80 },
        ],
        env: [{ name: "SECRET", value: "x" }],
        readinessProbe: { httpGet: { path: "/ready", port: "http" }, periodSeconds: 2 },
        livenessProbe: { httpGet: { port: 80 } },
        startupProbe: { exec: { command: ["true"] } },
      },
    ],
  },
  status: {
    phase: "Running",
    podIP: "10.1.0.1",
    podIPs: [{ ip: "10.1.0.1" }, { ip: "fd00::1" }],
    conditions: [{ type: "Ready", status: "True" }],
  },
};

test("keptPod() keeps what a workload is made of, its version and its labels, and drops the rest", () => {
  const kept = keptPod(pod);
  const from = { namespace: undefined, opaquePorts: "25" };
  expect(toWorkload(kept, from)).toEqual(toWorkload(pod, from));
  expect(kept.metadata?.resourceVersion).toBe("7");
  expect(kept.metadata?.labels).toEqual(pod.metadata?.labels ?? {});
  const text = JSON.stringify(kept);
  for (const gone of ["kubelet", "last-applied", "notlinkerd", "SECRET", "LOG", "volumes", "Ready"])
    expect(text).not.toContain(gone);
  expect(keptPod({})).toEqual({ metadata: {}, spec: { containers: [] } });
});

const service: Service = {
  metadata: {
    ...MANAGED,
    name: "web",
    namespace: "shop",
    resourceVersion: "8",
    annotations: { "config.linkerd.io/opaque-ports": "90" },
  },
  spec: {
    type: "ClusterIP",
    clusterIP: "10.96.0.1",
    clusterIPs: ["10.96.0.1"],
    ports: [{ name: "http", port: 80, appProtocol: "http" }],
    internalTrafficPolicy: "Local",
  },
  status: { loadBalancer: {} },
};
const slice: EndpointSlice = {
  metadata: {
    ...MANAGED,
    name: "web-x",
    namespace: "shop",
    resourceVersion: "9",
    labels: { "kubernetes.io/service-name": "web" },
  },
  addressType: "IPv4",
  ports: [{ name: "http", port: 8080 }],
  endpoints: [
    {
      addresses: ["10.1.0.1"],
      conditions: { ready: true, serving: true, terminating: false },
      hostname: "web-1",
      nodeName: "node-1",
      zone: "a",
      hints: { forZones: [{ name: "a" }] },
      targetRef: { kind: "Pod", name: "web-1", namespace: "shop", uid: "u" },
    },
    { addresses: ["10.1.0.2"], conditions: { ready: false } },
    { addresses: ["10.1.0.3"] },
  ],
};
const node = {
  metadata: { ...MANAGED, name: "node-1", labels: { "topology.kubernetes.io/zone": "a" } },
};

test("keptService() and keptSlice() keep what endpoints are made of", () => {
  const from = { namespace: undefined, opaquePorts: "25" };
  expect(toServiceView(keptService(service), from)).toEqual(toServiceView(service, from));
  const endpoints = (keep: boolean) => {
    const informers = fakeInformers();
    informers.pods.put(keep ? keptPod(pod) : pod);
    informers.services.put(keep ? keptService(service) : service);
    informers.slices.put(keep ? keptSlice(slice) : slice);
    informers.nodes.put(keep ? keptNames(node) : node);
    const name = { name: "web", namespace: "shop", port: 80, node: "node-1" };
    return ["web-1", undefined].map((instance) =>
      new Cluster(informers, CLUSTER_OPTIONS).endpoints({ ...name, instance }),
    );
  };
  expect(endpoints(true)).toEqual(endpoints(false));
  expect(endpoints(true)[0]?.endpoints.size).toBe(1);
  expect(JSON.stringify([keptService(service), keptSlice(slice), keptNames(node)])).not.toMatch(
    /kubelet|serving|uid|loadBalancer/,
  );
});

test("what is null is kept as what is not there", () => {
  const nulls = JSON.parse(
    '{"metadata": {"name": "x", "labels": null, "annotations": null, "ownerReferences": null}, "spec": {"containers": null, "initContainers": [{"name": "linkerd-proxy", "env": null, "ports": null}]}, "status": null, "endpoints": null}',
  );
  expect(keptPod(nulls)).toEqual({
    metadata: { name: "x" },
    spec: { containers: [], initContainers: [{ name: "linkerd-proxy" }] },
  });
  expect(keptNames(nulls)).toEqual({ metadata: { name: "x" } });
  expect(keptSlice(nulls).endpoints).toEqual([]);
});

test("F8: who takes a pod's name is told apart from who had it", () => {
  expect(keptPod({ metadata: { name: "web", uid: "second" } }).metadata?.uid).toBe("second");
});

test("keptPolicy() keeps the spec whole and when the object was made, and neither managed fields nor a status that others write", () => {
  const metadata = { name: "a", namespace: "b", generation: 2, creationTimestamp: "2026-01-01" };
  const spec = { odd: [1] };
  const object = { metadata: { ...metadata, ...MANAGED }, spec, status: { conditions: [] } };
  expect(keptPolicy(object)).toEqual({ metadata, spec });
  expect(keptWithStatus(object)).toEqual({ metadata, spec, status: { conditions: [] } });
  expect(keptWithStatus({ metadata, spec })).toEqual({ metadata, spec });
});

test("DST15: every address of a pod's node is kept", () => {
  const status = { hostIP: "172.18.0.2", hostIPs: [{ ip: "172.18.0.2" }, { ip: "fd00:18::2" }] };
  expect(keptPod({ status }).status).toEqual(status);
});
