import { expect, test } from "bun:test";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { keptSlice } from "../index/kept.ts";
import type { KeptPolicy, KeptService } from "../index/kept-objects.ts";
import { isOurs, MANAGED_BY, MANAGER, planSlices, takes } from "./plan.ts";

const service = (spec: object = {}): KeptService => ({
  metadata: { name: "web", namespace: "shop", uid: "u1" },
  spec: {
    selector: { app: "web" },
    ports: [
      { name: "http", port: 80, targetPort: "http" },
      { name: "raw", port: 9000 },
    ],
    ...spec,
  } as NonNullable<KeptService["spec"]>,
});
const workload = (name: string, over: { ips?: string[]; port?: number; ready?: boolean } = {}) => {
  const { ips = ["192.0.2.1"], port = 8080, ready = true } = over;
  return {
    metadata: { name, namespace: "shop", uid: `u-${name}`, labels: { app: "web", x: "y" } },
    spec: {
      meshTLS: { identity: "vm.example", serverName: "vm.example" },
      workloadIPs: ips.map((ip) => ({ ip })),
      ports: [{ name: "http", port }, { port: 9000 }],
    },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  } satisfies KeptPolicy;
};
const plan = (workloads: KeptPolicy[], over: { spec?: object; slices?: EndpointSlice[] } = {}) =>
  planSlices(service(over.spec), { workloads, slices: (over.slices ?? []).map(keptSlice) });
const shown = ({ addressType, ports, endpoints }: EndpointSlice) =>
  `${addressType} ${ports?.map(({ port }) => port).join()} ${endpoints
    ?.map(({ addresses, conditions }) => `${addresses.join()}${conditions?.ready ? "" : "!"}`)
    .join(" ")}`;

test("a Service takes workloads by all its labels; one without a selector, or of another system, none", () => {
  expect(takes(service(), workload("a"))).toBe(true);
  expect(takes(service({ selector: { app: "web", x: "z" } }), workload("a"))).toBe(false);
  for (const spec of [{ selector: {} }, { selector: undefined }, { type: "ExternalName" }])
    expect(takes(service(spec), workload("a"))).toBe(false);
});

test("DST7: a slice names its Service and its workloads, with the ports that they have", () => {
  const [slice, ...others] = plan([workload("a")]).create;
  expect(others).toEqual([]);
  expect(slice).toMatchObject({
    metadata: {
      namespace: "shop",
      labels: { "kubernetes.io/service-name": "web", [MANAGED_BY]: MANAGER },
      ownerReferences: [{ kind: "Service", name: "web", uid: "u1" }],
    },
    addressType: "IPv4",
    ports: [
      { name: "http", port: 8080, protocol: "TCP" },
      { name: "raw", port: 9000, protocol: "TCP" },
    ],
    endpoints: [
      {
        ...{ addresses: ["192.0.2.1"], conditions: { ready: true } },
        targetRef: { kind: "ExternalWorkload", name: "a", namespace: "shop", uid: "u-a" },
      },
    ],
  });
  expect(slice?.metadata?.name).toStartWith("linkerd-external-web-");
  expect(slice !== undefined && isOurs(keptSlice(slice))).toBe(true);
});

test("DST11: families, ports and readiness apart; what is not said to be ready is not", () => {
  const both = workload("b", { ips: ["192.0.2.2", "2001:db8::2", "192.0.2.99"] });
  const unready = workload("c", { ips: ["192.0.2.3"], ready: false });
  const { status: _, ...silent } = workload("d", { ips: ["192.0.2.4"] });
  const other = workload("e", { ips: ["192.0.2.5"], port: 8081 });
  const all = [other, silent, unready, both, workload("a")];
  expect(plan(all).create.map(shown).sort()).toEqual([
    "IPv4 8080,9000 192.0.2.1 192.0.2.2,192.0.2.99 192.0.2.3! 192.0.2.4!",
    "IPv4 8081,9000 192.0.2.5",
    "IPv6 8080,9000 2001:db8::2",
  ]);
  const spec = { ipFamilies: ["IPv6"], ports: [{ port: 53, protocol: "UDP" }] };
  expect(plan(all, { spec }).create.map(shown)).toEqual(["IPv6  2001:db8::2"]);
  const unknown = { ports: [{ port: 80, targetPort: "none" }] };
  expect(plan([workload("a")], { spec: unknown }).create.map(shown)).toEqual(["IPv4  192.0.2.1"]);
});

test("DST7: a port of the Service that a workload does not list for TCP is not there, by its number either", () => {
  const ports = [
    ...[
      { name: "raw", port: 9000 },
      { name: "odd", port: 9001 },
    ],
    ...[
      { name: "dns", port: 53 },
      { name: "none", port: 80, targetPort: "none" },
    ],
  ];
  const dns = workload("a");
  dns.spec.ports.push({ name: "dns", port: 53, protocol: "UDP" } as never);
  expect(plan([dns], { spec: { ports } }).create.map(shown)).toEqual(["IPv4 9000 192.0.2.1"]);
});

test("DST1: workloads of a headless Service are known by their names, where those are labels of DNS", () => {
  const all = [workload("vm-1"), workload("vm.2", { ips: ["192.0.2.2"] })];
  const hostnames = (spec: object) =>
    plan(all, { spec }).create.map(({ metadata, endpoints }) => [
      metadata?.labels?.["service.kubernetes.io/headless"],
      ...(endpoints ?? []).map(({ hostname }) => hostname),
    ]);
  expect(hostnames({ clusterIP: "None" })).toEqual([["", "vm-1", undefined]]);
  expect(hostnames({ clusterIP: "10.96.0.9" })).toEqual([[undefined, undefined, undefined]]);
});

test("DST10: an endpoint has its workload's zone", () => {
  const labels = { app: "web", "topology.kubernetes.io/zone": "a" };
  const at = { ...workload("a"), metadata: { ...workload("a").metadata, labels } };
  const [slice] = plan([at, workload("b")]).create;
  expect(slice?.endpoints?.map(({ zone }) => zone)).toEqual(["a", undefined]);
});

test("100 endpoints are in a slice", () => {
  const many = Array.from({ length: 201 }, (_, at) =>
    workload(`w${1000 + at}`, { ips: [`10.0.${at >> 8}.${at & 255}`] }),
  );
  expect(plan(many).create.map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 1]);
});

test("what is there already stays, what differs is replaced by its version, what is too much goes", () => {
  const made = plan([workload("a")]).create.map((slice) => ({
    ...slice,
    metadata: { ...slice.metadata, resourceVersion: "7" },
  }));
  expect(plan([workload("a")], { slices: made })).toEqual({ create: [], replace: [], remove: [] });
  const moved = plan([workload("a", { ips: ["192.0.2.7"] })], { slices: made });
  expect(moved.replace.map(shown)).toEqual(["IPv4 8080,9000 192.0.2.7"]);
  expect(moved.replace[0]?.metadata?.resourceVersion).toBe("7");
  expect([moved.create, moved.remove]).toEqual([[], []]);
  const name = made[0]?.metadata?.name ?? "";
  expect(plan([], { slices: made }).remove).toEqual(made.map(keptSlice));
  const gone = planSlices(undefined, { workloads: [], slices: made.map(keptSlice) });
  expect(gone.remove).toEqual(made.map(keptSlice));
  const foreign = made.map((slice) => ({ ...slice, metadata: { name, namespace: "shop" } }));
  expect(plan([], { slices: foreign }).remove).toEqual([]);
});
