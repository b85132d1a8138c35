import { expect, test } from "bun:test";
import { factsOf, type Kind, RESOURCES, read, referencesOf } from "./read.ts";

const OPTIONS = {
  clusterNetworks: ["10.0.0.0/8"],
  opaquePorts: "25",
  domain: { controlPlaneNamespace: "linkerd", trustDomain: "cluster.local" },
};
const metadata = { name: "a", namespace: "shop" };
const spec = {
  parentRefs: [{ group: "policy.linkerd.io", kind: "Server", name: "web" }],
  rules: [{ backendRefs: [{ name: "api", port: 80 }] }],
};

test("read() knows routes of each kind by what they refer to", () => {
  for (const kind of Object.keys(RESOURCES) as Kind[]) {
    if (kind === "rateLimits" || kind === "egressNetworks") continue;
    const { refers, value } = read({ metadata, spec }, kind, OPTIONS);
    expect(refers).toEqual(["Server/shop/web", "Service/shop/api"]);
    expect(value).toMatchObject({
      ...{ group: RESOURCES[kind].group, kind: RESOURCES[kind].kind, name: "a" },
      rules: [{ changesResponses: false, backends: [{ name: "api", kind: "Service" }] }],
    });
  }
});

test("INB12: an annotation of an EgressNetwork that cannot be read is passed over, as Services' are", () => {
  const marked = { ...metadata, annotations: { "retry.linkerd.io/limit": "x" } };
  const object = { metadata: marked, spec: { trafficPolicy: "Allow" } };
  expect(read(object, "egressNetworks", OPTIONS).value).toMatchObject({ fault: undefined });
});

test("read() keeps the first fault of what is no route", () => {
  const network = read({ metadata, spec: { trafficPolicy: "Odd" } }, "egressNetworks", OPTIONS);
  expect(network.value).toMatchObject({ fault: "spec.trafficPolicy is not known: Odd" });
  const limit = read({ metadata, spec: {} }, "rateLimits", OPTIONS);
  expect(limit).toMatchObject({ refers: [], value: { fault: "spec.targetRef is missing" } });
  for (const kind of Object.keys(RESOURCES) as Kind[])
    expect(read({}, kind, OPTIONS).refers).toEqual([]);
});

test.each([
  [undefined, undefined],
  [{}, { hasAddress: false, external: false, ports: [] }],
  [
    { clusterIP: "None", clusterIPs: ["None"] },
    { hasAddress: false, external: false, ports: [] },
  ],
  [
    { clusterIPs: ["10.0.0.1"], ports: [{ port: 80, targetPort: 8080 }] },
    {
      hasAddress: true,
      external: false,
      ports: [{ port: 80, name: undefined, spoken: "any" as const }],
    },
  ],
  [
    { type: "ExternalName", externalName: "a.example" },
    { hasAddress: false, external: true, ports: [] },
  ],
])("S16: factsOf() a Service of %j", (of, expected) => {
  const from = { namespace: undefined, opaquePorts: "25" };
  expect(factsOf(of && { metadata, spec: of }, from)).toEqual(expected);
});

test("OUT2, DST9: factsOf() a Service knows what its ports speak, by its namespace where it does not say", () => {
  const ports = [{ port: 25 }, { port: 80 }, { port: 81, appProtocol: "http" }];
  const marks = (text: string) => ({ annotations: { "config.linkerd.io/opaque-ports": text } });
  const spoken = (own: object, namespace: object = {}) =>
    factsOf(
      { metadata: { ...metadata, ...own }, spec: { ports } },
      { namespace: { metadata: namespace }, opaquePorts: "25" },
    )?.ports.map((port) => port.spoken);
  expect(spoken({})).toEqual(["opaque", "any", "http1"]);
  expect(spoken({}, marks("80,81"))).toEqual(["any", "opaque", "http1"]);
  expect(spoken(marks(""), marks("80"))).toEqual(["any", "any", "http1"]);
});

test("referencesOf() knows what may be referred to, and nothing else", () => {
  const to = (group: string, kind: string) => referencesOf({ ...metadata, group, kind });
  expect(to("core", "Service")).toEqual(["Service/shop/a"]);
  expect(to("policy.linkerd.io", "EgressNetwork")).toEqual(["EgressNetwork/shop/a"]);
  expect(to("gateway.networking.k8s.io", "Gateway")).toEqual([]);
});
