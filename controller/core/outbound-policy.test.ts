import { expect, test } from "bun:test";
import { NO_TRAFFIC, plainRoute } from "../../test/fake/outbound-world.ts";
import type { AnyRoute } from "./attached-routes.ts";
import { frontendOf, outboundPolicy, type ServiceView } from "./outbound-policy.ts";
import type { ParentRef } from "./route.ts";

const service: ServiceView = {
  name: "web",
  namespace: "shop",
  clusterIps: ["10.96.0.1"],
  external: false,
  ports: new Map([
    [80, undefined],
    [81, "http"],
    [82, "kubernetes.io/h2c"],
    [83, "mqtt"],
    [5432, undefined],
    [5433, "http"],
  ]),
  portNames: new Map([
    ["web", 80],
    ["other", 81],
  ]),
  opaque: [{ from: 5432, to: 5433 }],
  traffic: NO_TRAFFIC,
};
const parents: ParentRef[] = [
  {
    ...{ group: "core", kind: "Service", name: "web", namespace: "shop" },
    port: undefined,
    section: undefined,
  },
];
const route = (kind: string): AnyRoute =>
  ({ route: { ...plainRoute(kind), kind, parents }, traffic: NO_TRAFFIC }) as AnyRoute;
const objects = { hasService: () => true, hasEgressNetwork: () => true };

/** The kinds of protocol and of routes that hold on a port where routes of some kinds are attached. */
function spoken(port: number, ...kinds: string[]): string {
  const from = { routes: kinds.map(route), namespace: "shop", objects };
  const { protocol } = outboundPolicy({ type: "service", service, port }, from);
  const routes = protocol.type === "detect" ? protocol.http : protocol.routes;
  return `${protocol.type} ${routes.map(({ ref }) => ref.name).join()}`;
}
const ALL = ["TCPRoute", "TLSRoute", "HTTPRoute", "GRPCRoute"];

test.each([
  [80, "detect http"],
  [81, "http1 http"],
  [82, "http2 http"],
  [83, "opaque opaq"],
  [5432, "opaque opaq"],
  [5433, "http1 http"],
  [9, "opaque undefined-port"],
])("OUT2, OUT5: port %p without routes is spoken as %p", (port, expected) => {
  expect(spoken(port)).toBe(expected);
});

test.each([
  [80, ALL, "grpc GRPCRoute"],
  [80, ["TCPRoute", "TLSRoute", "HTTPRoute"], "detect HTTPRoute"],
  [80, ["TCPRoute", "TLSRoute"], "tls TLSRoute"],
  [80, ["TCPRoute"], "opaque TCPRoute"],
  [81, ALL, "http1 HTTPRoute"],
  [81, ["TCPRoute", "TLSRoute", "HTTPRoute"], "http1 HTTPRoute"],
  [81, ["GRPCRoute", "TLSRoute"], "http1 http"],
  [82, ALL, "grpc GRPCRoute"],
  [82, ["TCPRoute", "HTTPRoute"], "http2 HTTPRoute"],
  [83, ALL, "opaque TCPRoute"],
  [83, ["TCPRoute", "TLSRoute"], "opaque TCPRoute"],
  [83, ["HTTPRoute", "TLSRoute"], "opaque opaq"],
  [83, ["TCPRoute"], "opaque TCPRoute"],
  [83, ["TCPRoute", "HTTPRoute"], "opaque TCPRoute"],
  [5432, ALL, "opaque TCPRoute"],
  [5432, ["TCPRoute"], "opaque TCPRoute"],
  [5433, ALL, "http1 HTTPRoute"],
  [80, ["TCPRoute", "TCPRoute"], "opaque TCPRoute"],
])("OUT2, OUT3: port %p with %p is spoken as %p", (port, kinds, expected) => {
  expect(spoken(port, ...kinds)).toBe(expected);
});

test("OUT1: routes are attached to ports of a Service that has an address of its own", () => {
  const at = (over: Partial<ServiceView>, port = 80) =>
    frontendOf({ type: "service", service: { ...service, ...over }, port });
  expect(at({})).toEqual({
    ...{ kind: "Service", name: "web", namespace: "shop", port: 80 },
    ...{ sections: ["web"], spoken: "any" },
  });
  expect(at({}, 9)).toBeUndefined();
  expect(at({ external: true })).toBeUndefined();
  expect(at({ clusterIps: [] })).toBeUndefined();
  const lone = { endpoint: undefined, opaque: false };
  expect(frontendOf({ type: "unknown-address", ip: "1.1.1.1", port: 80, lone })).toBeUndefined();
});
