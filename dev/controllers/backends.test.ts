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
  expect(backendsOf(service, [])).toEqual([{ family: "IPv4", ports: [], endpoints: [] }]);
});

test("backendsOf() has the pods' addresses of each of the Service's families", () => {
  const both = pod("a", 1);
  both.status = {
    ...both.status,
    podIP: "10.1.0.1",
    podIPs: [{ ip: "10.1.0.1" }, { ip: "fd00::1" }],
  };
  const one = pod("b", 1);
  one.status = { ...one.status, podIP: "10.1.0.2", podIPs: [{ ip: "10.1.0.2" }] };
  const addresses = (ipFamilies: string[]): unknown =>
    backendsOf({ ...service, spec: { ...service.spec, ipFamilies } }, [both, one]).map(
      ({ family, endpoints }) => [family, ...endpoints.flatMap((each) => each.addresses)],
    );
  expect(addresses(["IPv4", "IPv6"])).toEqual([
    ["IPv4", "10.1.0.1", "10.1.0.2"],
    ["IPv6", "fd00::1"],
  ]);
  expect(addresses(["IPv6"])).toEqual([["IPv6", "fd00::1"]]);
});
