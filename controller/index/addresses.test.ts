import { expect, test } from "bun:test";
import {
  hostIps,
  hostPorts,
  move,
  podIps,
  serviceIps,
  serviceOf,
  slash,
  split,
  targetsOf,
} from "./addresses.ts";
import type { KeptPod } from "./kept-objects.ts";

const pod = (over: object = {}, status: object = {}): KeptPod => ({
  metadata: { name: "a", namespace: "b" },
  spec: {
    containers: [
      {
        name: "app",
        ports: [
          { containerPort: 80, hostPort: 8080 },
          { containerPort: 53, hostPort: 53, protocol: "UDP" },
          { containerPort: 81 },
        ],
      },
    ],
    ...over,
  },
  status: {
    podIP: "10.0.0.1",
    podIPs: [{ ip: "10.0.0.1" }, { ip: "::1" }],
    hostIP: "1.1.1.1",
    ...status,
  },
});

test("DST15: addresses and ports of nodes that are a pod's", () => {
  expect(podIps(pod())).toEqual(["10.0.0.1", "::1"]);
  expect(hostPorts(pod())).toEqual([{ hostPort: 8080, containerPort: 80 }]);
  expect(hostIps(pod())).toEqual(["1.1.1.1"]);
  const hostIPs = [{ ip: "1.1.1.1" }, { ip: "fd00::1" }];
  expect(hostIps(pod({}, { hostIPs }))).toEqual(["1.1.1.1", "fd00::1"]);
  expect(hostIps(pod({ containers: [] }))).toEqual([]);
  for (const none of [
    undefined,
    pod({ hostNetwork: true }),
    pod({}, { phase: "Succeeded" }),
    pod({}, { phase: "Failed" }),
  ])
    expect([podIps(none), hostPorts(none), hostIps(none)]).toEqual([[], [], []]);
  expect(hostPorts(pod({}, { hostIP: "" }))).toEqual([]);
});

test("Services have addresses, and slices Services", () => {
  expect(serviceIps({ spec: { clusterIP: "10.96.0.1" } })).toEqual(["10.96.0.1"]);
  expect(serviceIps(undefined)).toEqual([]);
  const labels = { "kubernetes.io/service-name": "web" };
  const slice = { addressType: "IPv4", metadata: { namespace: "shop", labels } };
  expect(serviceOf(slice)).toBe("shop/web");
  expect(serviceOf(undefined)).toBeUndefined();
  const endpoints = [
    { addresses: [], targetRef: { kind: "Pod", name: "a" } },
    { addresses: [], targetRef: { kind: "ExternalWorkload", name: "b", namespace: "c" } },
    { addresses: [], targetRef: { kind: "Pod" } },
    { addresses: [] },
  ];
  expect(targetsOf({ ...slice, endpoints })).toEqual(["Pod/shop/a", "ExternalWorkload/c/b"]);
  expect(targetsOf(slice)).toEqual([]);
  expect(split(slash(pod()))).toEqual({ namespace: "b", name: "a" });
});

test("move() takes an object from where it was, and puts it where it is", () => {
  const index = new Map<string, Set<string>>();
  move(index, undefined, [["x", "y"], "a"]);
  move(index, undefined, [["y"], "b"]);
  move(index, [["x", "y"], "a"], [["z"], "a"]);
  expect([...index].map(([at, keys]) => `${at}:${[...keys].join()}`)).toEqual(["y:b", "z:a"]);
  move(index, [["y"], "b"], undefined);
  expect([...index.keys()]).toEqual(["z"]);
});
