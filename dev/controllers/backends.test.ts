import { expect, test } from "bun:test";
import type { Pod, Service } from "#lib/k8s/types/core.ts";
import { backendsOf } from "./backends.ts";

const service = {
  metadata: { name: "s" },
  spec: { ports: [{ name: "http", port: 80, targetPort: "web" }] },
} as unknown as Service;
const pod = (name: string, port: number, over: Partial<Pod> = {}): Pod => ({
  metadata: { name, namespace: "n", uid: name },
  spec: {
    nodeName: "node",
    containers: [{ name: "c", ports: [{ name: "web", containerPort: port }] }],
  },
  status: { podIP: name, conditions: [{ type: "Ready", status: "True" }] },
  ...over,
});

test("backendsOf() groups pods by the ports that names mean in them", () => {
  const leaving = pod("c", 1, { metadata: { name: "c", deletionTimestamp: "t" } });
  const groups = backendsOf(service, [
    pod("b", 2),
    pod("a", 1),
    leaving,
    pod("d", 1, { status: {} }),
  ]);
  expect(
    groups.map(({ ports, endpoints }) => [
      ports[0]?.port,
      endpoints.map(({ addresses }) => addresses[0]),
    ]),
  ).toEqual([
    [1, ["a", "c"]],
    [2, ["b"]],
  ]);
  expect(groups[0]?.endpoints[1]?.conditions).toEqual({
    ready: false,
    serving: true,
    terminating: true,
  });
});

test("backendsOf() has one empty group where there are no pods", () => {
  expect(backendsOf(service, [])).toEqual([{ ports: [], endpoints: [] }]);
});
