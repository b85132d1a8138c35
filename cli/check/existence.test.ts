import { expect, test } from "bun:test";
import { changed, findings, installed, without } from "../../test/fake/installed.ts";
import { pod } from "../../test/fake/mesh-objects.ts";
import { EXISTENCE } from "./existence.ts";

test("an installed control plane that runs is well", async () => {
  expect(await findings(EXISTENCE)).toEqual({});
});

test("without configuration nothing more is asked", async () => {
  expect(await findings(EXISTENCE, { objects: without("ConfigMap/linkerd-config") })).toEqual({
    "error: 'linkerd-config' config map exists": 'configmaps "linkerd-config" not found',
  });
});

test("replica sets and pods that are not ready are named", async () => {
  const set = {
    kind: "ReplicaSet",
    metadata: { name: "linkerd-identity-5", namespace: "linkerd" },
    spec: { replicas: 1 },
  };
  expect(Object.values(await findings(EXISTENCE, { objects: [...installed(), set] }))).toEqual([
    "Some replica sets are not ready:\n\t* linkerd-identity-5",
  ]);
  const gone = { objects: without("Pod/linkerd-identity-1") };
  expect(Object.values(await findings(EXISTENCE, gone))).toEqual([
    'No running pods for "linkerd-identity"',
  ]);
  const pending = pod("late", { namespace: "linkerd", phase: "Pending" });
  pending.status = {
    phase: "Pending",
    conditions: [
      { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node fits" },
    ],
  };
  expect(await findings(EXISTENCE, { objects: [...installed(), pending] })).toEqual({
    "warning: no unschedulable pods": "Some pods cannot be scheduled:\n\t* late: no node fits",
    "error: control plane pods are ready": 'pod "late" status is Pending',
  });
});

test("addresses outside of the cluster networks are named", async () => {
  const stray = pod("stray");
  stray.status = { ...stray.status, podIP: "8.8.8.8" };
  const service = {
    kind: "Service",
    metadata: { name: "far", namespace: "x" },
    spec: { clusterIP: "9.9.9.9" },
  };
  const objects = changed("Node/node-1", (node: { spec: { podCIDRs: string[] } }) => {
    node.spec.podCIDRs = ["7.7.0.0/16"];
  });
  expect(
    Object.values(await findings(EXISTENCE, { objects: [...objects, stray, service] })),
  ).toEqual([
    "node has podCIDR(s) not contained in the Linkerd clusterNetworks:\n\t* 7.7.0.0/16",
    "the Linkerd clusterNetworks do not include pods:\n\t* default/stray (8.8.8.8)",
    "the Linkerd clusterNetworks do not include services:\n\t* x/far (9.9.9.9)",
  ]);
});
