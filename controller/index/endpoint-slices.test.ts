import { expect, test } from "bun:test";
import { CLUSTER_OPTIONS, fakePod, fakeSlice } from "../../test/fake/web-cluster.ts";
import { fakeWorkload } from "../../test/fake/workload.ts";
import { type EndpointSource, endpointSet } from "./endpoint-slices.ts";
import { toWorkload } from "./pods.ts";

const query = { name: "web", namespace: "shop", instance: undefined, port: 80, node: "node-1" };
const pods = [fakePod("web-1", "10.1.0.1"), fakePod("web-2", "10.1.0.2")];
const source = (slice: object, spec = {}): EndpointSource => ({
  service: { spec: { ports: [{ name: "http", port: 80 }], ...spec } },
  slices: [{ ...fakeSlice(pods), ...slice }],
  workload: ({ name }) => {
    const pod = pods.find(({ metadata }) => metadata?.name === name);
    return pod && toWorkload(pod, { namespace: undefined, opaquePorts: "" });
  },
  clientZone: "a",
  options: CLUSTER_OPTIONS,
});
const endpoint = (ip: string, over: object) => ({ addresses: [ip], ...over });
const zone = (name: string) => ({ hints: { forZones: [{ name }] } });
const found = (slice: object, spec = {}, over = {}): string[] => [
  ...endpointSet({ ...query, ...over }, source(slice, spec)).endpoints.keys(),
];

test("DST1: only ready endpoints, by instance where one is named", () => {
  const endpoints = [
    endpoint("1.1.1.1", { hostname: "a" }),
    endpoint("2.2.2.2", { conditions: { ready: false } }),
  ];
  expect(found({ endpoints })).toEqual(["1.1.1.1/8080"]);
  expect(found({ endpoints }, {}, { instance: "b" })).toEqual([]);
});

test("DST10: hints by zone, and the client's node for a local policy", () => {
  const hinted = [endpoint("1.1.1.1", zone("a")), endpoint("2.2.2.2", zone("b"))];
  expect(found({ endpoints: hinted })).toEqual(["1.1.1.1/8080"]);
  expect(found({ endpoints: [...hinted, endpoint("3.3.3.3", {})] })).toHaveLength(3);
  expect(found({ endpoints: [endpoint("2.2.2.2", zone("b"))] })).toHaveLength(1);
  const nodes = [
    endpoint("1.1.1.1", { nodeName: "node-1" }),
    endpoint("2.2.2.2", { nodeName: "x" }),
  ];
  expect(found({ endpoints: nodes }, { internalTrafficPolicy: "Local" })).toEqual(["1.1.1.1/8080"]);
});

test("a pod that is not known yet is left out; an unnamed target is taken as it is", () => {
  const targetRef = { kind: "Pod", name: "later" };
  expect(found({ endpoints: [endpoint("1.1.1.1", { targetRef })] })).toEqual([]);
  expect(found({ ports: [{ name: "other", port: 1 }] })).toEqual([]);
});

/** Addresses that are given out of those of IPv4 and IPv6, by what has them: `Pod/web-1`, `ExternalWorkload/vm`, or nothing that is named. */
function ofFamilies(
  first: Readonly<Record<string, string>>,
  second: Readonly<Record<string, string>>,
  ipv6 = true,
): string {
  const of = (addressType: string, named: Readonly<Record<string, string>>) => ({
    ...{ ...fakeSlice([]), addressType },
    endpoints: Object.entries(named).map(([ip, target]) => {
      const [kind = "", name] = target.split("/");
      return endpoint(ip, name === undefined ? {} : { targetRef: { kind, name } });
    }),
  });
  const slices = [of("IPv4", first), of("IPv6", second), of("FQDN", { "web.example": "" })];
  const workload = () => fakeWorkload();
  const options = { ...CLUSTER_OPTIONS, ipv6 };
  const set = endpointSet(query, { ...source({}), slices, workload, options });
  return [...set.endpoints.values()].map(({ ip }) => ip).join(" ");
}

test.each([
  [{ "1.1.1.1": "Pod/a" }, { "::1": "Pod/a" }, "::1", "1.1.1.1"],
  [{ "1.1.1.1": "Pod/a" }, {}, "1.1.1.1", "1.1.1.1"],
  [{}, { "::1": "Pod/a" }, "::1", "::1"],
  [
    { "1.1.1.1": "Pod/a", "2.2.2.2": "Pod/b" },
    { "::1": "Pod/a" },
    "::1 2.2.2.2",
    "1.1.1.1 2.2.2.2",
  ],
  [{ "1.1.1.1": "Pod/a" }, { "::1": "Pod/a", "::2": "Pod/b" }, "::1 ::2", "1.1.1.1"],
  [{ "9.9.9.9": "ExternalWorkload/a" }, { "::1": "Pod/a" }, "::1 9.9.9.9", "9.9.9.9"],
  [{ "9.9.9.9": "ExternalWorkload/a" }, { "::9": "ExternalWorkload/a" }, "::9", "9.9.9.9"],
  [{ "9.9.9.9": "" }, { "::1": "Pod/a" }, "::1 9.9.9.9", "9.9.9.9"],
  [{ "1.1.1.1": "Pod/a" }, { "::9": "ExternalWorkload/a" }, "::9 1.1.1.1", "1.1.1.1 ::9"],
  [{ "1.1.1.1": "Pod/a" }, { "::9": "" }, "::9 1.1.1.1", "1.1.1.1 ::9"],
])("DST11: of %j and %j are used: %p, without IPv6: %p", (first, second, used, without) => {
  expect(ofFamilies(first, second)).toBe(used);
  expect(ofFamilies(first, second, false)).toBe(without);
});

test("DST10: a Service that is local has no endpoints on a node without any", () => {
  const local = { internalTrafficPolicy: "Local" };
  const nodes = [endpoint("1.1.1.1", { nodeName: "x", ...zone("a") })];
  expect(found({ endpoints: nodes }, local)).toEqual([]);
  expect(found({ endpoints: nodes }, local, { node: "x" })).toEqual(["1.1.1.1/8080"]);
});

test("DST10: for no node in particular there is no topology", () => {
  const endpoints = [
    endpoint("1.1.1.1", { nodeName: "x", ...zone("a") }),
    endpoint("2.2.2.2", { nodeName: "y", ...zone("b") }),
  ];
  for (const spec of [{}, { internalTrafficPolicy: "Local" }])
    expect(found({ endpoints }, spec, { node: undefined })).toHaveLength(2);
});

test("DST1: a headless Service's endpoints are found by their names, in the port that the Service has", () => {
  const endpoints = [
    endpoint("1.1.1.1", { hostname: "db-0" }),
    endpoint("2.2.2.2", { hostname: "db-1" }),
  ];
  const headless = { clusterIP: "None" };
  expect(found({ endpoints }, headless, { instance: "db-1" })).toEqual(["2.2.2.2/8080"]);
  expect(found({ endpoints }, headless)).toHaveLength(2);
  expect(found({ endpoints }, headless, { port: 9999 })).toEqual(["1.1.1.1/9999", "2.2.2.2/9999"]);
});

test("a port that TCP and UDP share leads where that of TCP does", () => {
  const udp = { name: "quic", port: 80, protocol: "UDP" };
  const ports = [udp, { name: "http", port: 80, protocol: "TCP" }];
  const slice = {
    endpoints: [endpoint("1.1.1.1", {})],
    ports: [
      { name: "quic", port: 8443, protocol: "UDP" },
      { name: "http", port: 8080 },
    ],
  };
  expect(found(slice, { ports })).toEqual(["1.1.1.1/8080"]);
});
