import { expect, test } from "bun:test";
import {
  backend,
  OutboundWorld,
  parentService,
  toAddress,
} from "../../test/fake/outbound-world.ts";

/** What is woken by what a test does: clients, with their ports. */
function setUp() {
  const world = new OutboundWorld();
  world.putService("web", {
    ports: [
      { name: "http", port: 80 },
      { name: "admin", port: 81 },
    ],
  });
  const woken: string[] = [];
  const at = (client: string, port: number) =>
    world.outbound.subscribe({ client, target: { type: "address", ip: "10.96.0.1", port } }, () =>
      woken.push(`${client}:${port}`),
    );
  const stops = [at("shop", 80), at("shop", 81), at("a", 80), at("b", 80), at("b", 81)];
  return { world, stops, take: () => woken.splice(0).sort() };
}
const ALL_80 = ["a:80", "b:80", "shop:80"];
const ALL = [...ALL_80, "b:81", "shop:81"].sort();
const route = (over: object = {}, rules: object[] = [{}]) => ({
  parentRefs: [parentService("web", over)],
  rules,
});
const consumer = (over: object = {}) => route({ namespace: "shop", ...over });
const CLIENT_A = { namespace: "a" };

test("OUT4: a route concerns the ports and the clients that it is about, and no others", () => {
  const { world, take } = setUp();
  world.put("httpRoutes", "r", route());
  expect(take()).toEqual(ALL);
  world.put("httpRoutes", "r", route());
  expect(take()).toEqual([]);
  world.put("httpRoutes", "r", route({ port: 80 }));
  expect(take()).toEqual(["b:81", "shop:81"]);
  world.put("httpRoutes", "r", route({ sectionName: "http" }));
  expect(take()).toEqual([]);
  world.put("httpRoutes", "r", route({ sectionName: "http" }, [{}, {}]));
  expect(take()).toEqual(ALL_80);
  world.put("linkerdHttpRoutes", "mine", consumer(), CLIENT_A);
  expect(take()).toEqual(["a:80"]);
  world.put("httpRoutes", "r", route());
  expect(take()).toEqual(["b:80", "b:81", "shop:80", "shop:81"]);
  world.put("httpRoutes", "elsewhere", route({ namespace: "other" }));
  world.put("httpRoutes", "elsewhere", consumer(), { namespace: "nobody" });
  expect(take()).toEqual([]);
  world.drop("linkerdHttpRoutes", "mine", "a");
  expect(take()).toEqual(["a:80"]);
});

test("OUT3: a route of a kind that loses, and one that is not the first, concern nobody", () => {
  const { world, take } = setUp();
  world.put("grpcRoutes", "g", route({ port: 80 }));
  expect(take()).toEqual(ALL_80);
  world.put("httpRoutes", "h", route({ port: 80 }));
  world.put("tcpRoutes", "t", route({ port: 80 }));
  expect(take()).toEqual([]);
  world.drop("grpcRoutes", "g");
  expect(take()).toEqual(ALL_80);
  world.drop("httpRoutes", "h");
  expect(take()).toEqual(ALL_80);
  world.put("tcpRoutes", "u", route({ port: 80 }));
  expect(take()).toEqual([]);
});

test("OUT9: a Service that comes or goes concerns those whose rules lead to it", () => {
  const { world, take } = setUp();
  world.put("httpRoutes", "r", route({ port: 80 }, [{ backendRefs: [backend("v2")] }]));
  take();
  world.putService("v2");
  expect(take()).toEqual(ALL_80);
  world.putService("v2", { annotations: { "retry.linkerd.io/limit": "3" } });
  world.putService("v3");
  expect(take()).toEqual([]);
  world.putService("v2", { type: "ExternalName" });
  expect(take()).toEqual(ALL_80);
});

test("OUT1: what changes of a Service concerns its clients where its policy is another, endpoints never", () => {
  const { world, take } = setUp();
  world.putService("web", { ports: [{ name: "http", port: 80 }, { port: 81 }], selector: {} });
  expect(take()).toEqual([]);
  world.from.slices.drop({ name: "web-1", namespace: "shop" });
  world.from.pods.drop({ name: "web-1", namespace: "shop" });
  expect(take()).toEqual([]);
  const annotations = { "config.linkerd.io/opaque-ports": "81" };
  world.from.namespaces.put({ metadata: { name: "shop", annotations } });
  expect(take()).toEqual(["b:81", "shop:81"]);
  world.from.services.drop({ name: "web", namespace: "shop" });
  expect(take()).toEqual(ALL);
});

test("clients for whom the same holds are given one value", () => {
  const { world } = setUp();
  const target = { type: "address", ip: "10.96.0.1", port: 80 } as const;
  const of = (client: string) => world.outbound.outboundPolicy({ client, target });
  world.put("httpRoutes", "r", route());
  expect(of("b")).toBe(of("shop") as never);
  world.put("linkerdHttpRoutes", "mine", consumer(), CLIENT_A);
  expect(of("a")).not.toEqual(of("shop"));
  expect(of("c")).toBe(of("shop") as never);
  const { newest } = world.watch("a", toAddress("10.96.0.1", 80));
  expect(newest().protocol?.kind.case).toBe("detect");
});

test("nobody is woken who does not listen any more", () => {
  const { world, stops, take } = setUp();
  for (const stop of stops) stop();
  stops[0]?.();
  world.put("httpRoutes", "r", route());
  world.from.services.drop({ name: "web", namespace: "shop" });
  expect(take()).toEqual([]);
  const again = setUp();
  again.world.outbound.stop();
  again.world.put("httpRoutes", "r", route());
  again.world.putService("v2");
  expect(again.take()).toEqual([]);
});

test("what was there before is known", () => {
  const { world } = setUp();
  world.put("httpRoutes", "r", route());
  world.putService("web", { annotations: { "retry.linkerd.io/limit": "x" } });
  const faults: string[] = [];
  const again = world.again(({ fault }) => faults.push(fault));
  const { protocol } =
    again.outboundPolicy({
      client: "shop",
      target: { type: "service", name: "web", namespace: "shop", port: 80 },
    }) ?? {};
  expect(protocol?.type === "detect" && protocol.http[0]?.ref.name).toBe("r");
  expect(faults).toEqual(["annotation retry.linkerd.io/limit cannot be read: x"]);
});

/** Clients of two namespaces that go outside, and what of them is woken. */
function outside() {
  const world = new OutboundWorld();
  const woken: string[] = [];
  const at = (client: string, ip: string) =>
    world.outbound.subscribe({ client, target: { type: "address", ip, port: 443 } }, () =>
      woken.push(`${client} ${ip}`),
    );
  for (const client of ["a", "b"]) for (const ip of ["1.1.1.1", "2.2.2.2"]) at(client, ip);
  at("a", "10.96.0.1");
  const put = (namespace: string, over: object = {}, name = "all") =>
    world.put("egressNetworks", name, { trafficPolicy: "Allow", ...over }, { namespace });
  return { world, put, take: () => woken.splice(0).sort() };
}
const EVERYBODY = ["a 1.1.1.1", "a 2.2.2.2", "b 1.1.1.1", "b 2.2.2.2"];
const GLOBAL = "linkerd-egress";

test("OUT10: an EgressNetwork concerns clients of its namespace, a global one those who have none", () => {
  const { world, put, take } = outside();
  put("nobody");
  expect(take()).toEqual([]);
  put(GLOBAL);
  expect(take()).toEqual(EVERYBODY);
  put("a", { networks: [{ cidr: "1.0.0.0/8" }] });
  expect(take()).toEqual(["a 1.1.1.1", "a 2.2.2.2"]);
  put(GLOBAL, { trafficPolicy: "Deny" });
  expect(take()).toEqual(["b 1.1.1.1", "b 2.2.2.2"]);
  put(GLOBAL, { trafficPolicy: "Deny" });
  put("a", { networks: [{ cidr: "3.0.0.0/8" }] }, "other");
  expect(take()).toEqual([]);
  put("a", { networks: [{ cidr: "1.1.0.0/16" }] }, "smaller");
  expect(take()).toEqual(["a 1.1.1.1"]);
  for (const name of ["all", "other", "smaller"]) world.drop("egressNetworks", name, "a");
  expect(take()).toEqual(["a 1.1.1.1", "a 2.2.2.2"]);
});

test("OUT4, OUT10: routes of an EgressNetwork concern its clients, by port and namespace", () => {
  const { world, put, take } = outside();
  put(GLOBAL);
  put("a");
  take();
  const parent = { group: "policy.linkerd.io", kind: "EgressNetwork", name: "all" };
  const to = (namespace: string, port: number) => ({
    parentRefs: [{ ...parent, namespace, port }],
    rules: [{}],
  });
  world.put("httpRoutes", "r", to(GLOBAL, 443), { namespace: GLOBAL });
  expect(take()).toEqual(["b 1.1.1.1", "b 2.2.2.2"]);
  world.put("httpRoutes", "s", to(GLOBAL, 80), { namespace: GLOBAL });
  world.put("httpRoutes", "s", to(GLOBAL, 443), { namespace: "a" });
  expect(take()).toEqual([]);
  world.put("tlsRoutes", "t", to(GLOBAL, 443), { namespace: "b" });
  expect(take()).toEqual(["b 1.1.1.1", "b 2.2.2.2"]);
  world.put("tlsRoutes", "t", to("a", 443), { namespace: "a" });
  expect(take()).toEqual(["a 1.1.1.1", "a 2.2.2.2"]);
});

test("OUT9, OUT10: an EgressNetwork that comes makes backends of its routes whole, also after others moved", () => {
  const { world, put, take } = outside();
  put(GLOBAL);
  const parentRefs = [
    { group: "policy.linkerd.io", kind: "EgressNetwork", name: "all", namespace: GLOBAL },
  ];
  const backendRefs = [{ group: "policy.linkerd.io", kind: "EgressNetwork", name: "late" }];
  world.put("httpRoutes", "r", { parentRefs, rules: [{ backendRefs }] }, { namespace: GLOBAL });
  put("a", { trafficPolicy: "Deny" });
  take();
  put(GLOBAL, { networks: [{ cidr: "9.9.9.9/32" }] }, "late");
  expect(take()).toEqual(["b 1.1.1.1", "b 2.2.2.2"]);
});

/** Whether a client is told what a controller would tell it that starts now. */
const isCurrent = (world: OutboundWorld, client: string, ip = "10.96.0.1"): void => {
  const query = { client, target: { type: "address", ip, port: 80 } } as const;
  const now = world.again(() => undefined).outboundPolicy(query);
  expect(world.outbound.outboundPolicy(query)).toEqual(now);
};

test("OUT4: what changed while nobody of a namespace watched is known to who comes back", () => {
  const { world, stops } = setUp();
  world.put("httpRoutes", "mine", consumer(), CLIENT_A);
  stops[2]?.();
  isCurrent(world, "a");
  world.put("httpRoutes", "mine", { ...consumer(), rules: [{}, {}] }, CLIENT_A);
  isCurrent(world, "a");
  world.drop("httpRoutes", "mine", "a");
  isCurrent(world, "a");
});

test("OUT9: backends that went while a client's own routes held are known when those go", () => {
  const world = new OutboundWorld();
  const target = { type: "address", ip: "10.96.0.1", port: 80 } as const;
  world.putService("v2");
  world.put("httpRoutes", "r", route({}, [{ backendRefs: [backend("v2")] }]));
  world.outbound.subscribe({ client: "a", target }, () => undefined);
  world.put("httpRoutes", "mine", consumer(), CLIENT_A);
  world.from.services.drop({ name: "v2", namespace: "shop" });
  world.drop("httpRoutes", "mine", "a");
  isCurrent(world, "a");
});

test("OUT10: an EgressNetwork that changed while nobody of its namespace watched is known to who comes back", () => {
  const { world } = setUp();
  const target = { type: "address", ip: "1.1.1.1", port: 80 } as const;
  const watch = (client: string) => world.outbound.subscribe({ client, target }, () => undefined);
  world.put("egressNetworks", "all", { trafficPolicy: "Allow" }, CLIENT_A);
  watch("b");
  watch("a")();
  world.put("egressNetworks", "all", { trafficPolicy: "Deny" }, CLIENT_A);
  isCurrent(world, "a", target.ip);
});
