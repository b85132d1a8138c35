import { expect, test } from "bun:test";
import { CLUSTER_OPTIONS, fakePod, fakeSlice } from "../../test/fake/web-cluster.ts";
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

test("DST11: of a Service with both families the slices of IPv6 alone count", () => {
  const slices = (first: string[], second: string[], ipv6 = true): string[] => {
    const of = (addressType: string, ips: string[]) => ({
      ...fakeSlice([]),
      addressType,
      endpoints: ips.map((ip) => endpoint(ip, {})),
    });
    const from = source({});
    const options = { ...CLUSTER_OPTIONS, ipv6 };
    const all = [of("IPv4", first), of("IPv6", second), of("FQDN", ["web.example"])];
    return [...endpointSet(query, { ...from, slices: all, options }).endpoints.keys()];
  };
  expect(slices(["1.1.1.1"], ["::1"])).toEqual(["::1/8080"]);
  expect(slices(["1.1.1.1"], ["::1"], false)).toEqual(["1.1.1.1/8080"]);
  expect(slices(["1.1.1.1"], [])).toEqual(["1.1.1.1/8080"]);
  expect(slices([], ["::1"], false)).toEqual(["::1/8080"]);
});

test("DST10: a Service that is local has no endpoints on a node without any", () => {
  const local = { internalTrafficPolicy: "Local" };
  const nodes = [endpoint("1.1.1.1", { nodeName: "x", ...zone("a") })];
  expect(found({ endpoints: nodes }, local)).toEqual([]);
  expect(found({ endpoints: nodes }, local, { node: "x" })).toEqual(["1.1.1.1/8080"]);
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
