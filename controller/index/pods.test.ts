import { expect, test } from "bun:test";
import type { Pod } from "#lib/k8s/types/core.ts";
import { toWorkload } from "./pods.ts";

const listen = (which: string, value: string) => ({
  name: `LINKERD2_PROXY_${which}_LISTEN_ADDR`,
  value,
});
const pod: Pod = {
  metadata: {
    name: "web-1",
    namespace: "shop",
    labels: { "linkerd.io/control-plane-ns": "linkerd", "pod-template-hash": "abc" },
    annotations: { "config.linkerd.io/opaque-ports": "db,9000-9001" },
    ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-abc", uid: "1" }],
  },
  spec: {
    nodeName: "node-1",
    initContainers: [
      {
        name: "linkerd-proxy",
        env: [
          listen("INBOUND", "0.0.0.0:4143"),
          listen("ADMIN", "[::]:4191"),
          listen("CONTROL", "0.0.0.0:4190"),
        ],
      },
    ],
    containers: [
      {
        name: "app",
        ports: [
          { name: "db", containerPort: 5432 },
          { name: "http", containerPort: 80 },
          { name: "http", containerPort: 81, protocol: "TCP" },
          { name: "dns", containerPort: 53, protocol: "UDP" },
        ],
        readinessProbe: { httpGet: { path: "/ready", port: 80 } },
        livenessProbe: { httpGet: { port: 80 } },
      },
    ],
  },
  status: { podIP: "10.1.0.1", podIPs: [{ ip: "10.1.0.1" }, { ip: "fd00::1" }] },
};
const namespace = {
  metadata: { annotations: { "config.linkerd.io/default-inbound-policy": "deny" } },
};

test("DST3, DST5, DST9, INB2, INB9: toWorkload() reads a pod and its namespace", () => {
  expect(toWorkload(pod, { namespace, opaquePorts: "25" })).toEqual({
    name: "web-1",
    namespace: "shop",
    external: false,
    labels: { "linkerd.io/control-plane-ns": "linkerd", "pod-template-hash": "abc" },
    ips: ["10.1.0.1", "fd00::1"],
    serviceAccount: "default",
    identity: undefined,
    node: "node-1",
    owner: { kind: "Deployment", name: "web" },
    templateHash: "abc",
    controlPlaneNs: "linkerd",
    proxy: { inboundPort: 4143, metaPorts: [4191, 4190] },
    namedPorts: new Map([
      ["db", [5432]],
      ["http", [80, 81]],
    ]),
    opaque: [
      { from: 5432, to: 5432 },
      { from: 9000, to: 9001 },
    ],
    skipInbound: [],
    requireIdentity: [],
    defaultPolicy: "deny",
    probes: new Map([[80, ["/", "/ready"]]]),
  });
});

test("DST4, DST6: which ports are skipped a pod says itself: its namespace, annotated later, says nothing of one that runs", () => {
  const key = "config.linkerd.io/skip-inbound-ports";
  const from = { namespace: { metadata: { annotations: { [key]: "80" } } }, opaquePorts: "25" };
  expect(toWorkload(pod, from).skipInbound).toEqual([]);
  const own = { ...pod, metadata: { ...pod.metadata, annotations: { [key]: "db" } } };
  expect(toWorkload(own, from).skipInbound).toEqual([{ from: 5432, to: 5432 }]);
});

test("DST5, DST9: defaults, and a proxy that cannot be read", () => {
  const bare: Pod = { metadata: { name: "x" }, spec: { containers: [{ name: "linkerd-proxy" }] } };
  const workload = toWorkload(bare, { namespace: undefined, opaquePorts: "25" });
  expect(workload).toMatchObject({ opaque: [{ from: 25, to: 25 }], ips: [] });
  expect([workload.proxy, workload.owner]).toEqual([undefined, undefined]);
});

test("INB9: a probe's port is looked up by name in the probe's own container, as the kubelet does", () => {
  const probe = (path: string) => ({ httpGet: { path, port: "http" } });
  const containers = [
    { name: "app", ports: [{ name: "http", containerPort: 80 }], livenessProbe: probe("/live") },
    { name: "side", ports: [{ name: "http", containerPort: 90 }], startupProbe: probe("/up") },
    { name: "none", readinessProbe: probe("/never") },
  ];
  const { probes } = toWorkload(
    { spec: { containers } },
    { namespace: undefined, opaquePorts: "" },
  );
  expect(probes).toEqual(
    new Map([
      [80, ["/live"]],
      [90, ["/up"]],
    ]),
  );
});
