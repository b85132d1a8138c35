import { expect, test } from "bun:test";
import { backendsOf, httpOf, ruleOf, seconds } from "../../test/fake/outbound-answer.ts";
import { backend, OutboundWorld, parentService, rules } from "../../test/fake/outbound-world.ts";

test("OUT1, OUT6, OUT7: rules of an HTTPRoute have backends by weight, with filters and limits", () => {
  const world = new OutboundWorld();
  world.putService("v2");
  const { newest } = world.watch();
  const set = [{ name: "x-v", value: "2" }];
  world.put("httpRoutes", "split", {
    ...{ parentRefs: [parentService()], hostnames: ["web.example"] },
    rules: [
      {
        matches: [{ path: { type: "Exact", value: "/a" }, headers: [{ name: "x", value: "1" }] }],
        filters: [
          { type: "RequestHeaderModifier", requestHeaderModifier: { set } },
          { type: "ResponseHeaderModifier", responseHeaderModifier: { remove: ["server"] } },
        ],
        backendRefs: [
          backend("web", { weight: 9 }),
          backend("v2", {
            filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { set } }],
          }),
        ],
        timeouts: { request: "10s", backendRequest: "2s" },
      },
      { filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https" } }] },
    ],
  });
  const [route] = httpOf(newest());
  expect(route?.metadata?.kind.value).toMatchObject({
    ...{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "split", namespace: "shop" },
  });
  expect(route?.hosts).toMatchObject([{ match: { case: "exact", value: "web.example" } }]);
  const rule = ruleOf(newest());
  expect(rule).toMatchObject({
    matches: [{ path: { kind: { case: "exact", value: "/a" } }, headers: [{ name: "x" }] }],
    filters: [
      { kind: { case: "requestHeaderModifier" } },
      { kind: { case: "responseHeaderModifier" } },
    ],
    allowL5dRequestHeaders: true,
  });
  expect([seconds(rule?.timeouts?.request), seconds(rule?.requestTimeout)]).toEqual([10, 10]);
  const backends = backendsOf(newest());
  expect(backends.map(({ weight, requestTimeout }) => [weight, seconds(requestTimeout)])).toEqual([
    [9, 2],
    [1, 2],
  ]);
  expect(backends[1]).toMatchObject({
    filters: [{ kind: { case: "requestHeaderModifier" } }],
    backend: {
      metadata: { kind: { value: { group: "core", kind: "Service", name: "v2", port: 80 } } },
      queue: { capacity: 100, failfastTimeout: { seconds: 3n } },
      kind: {
        case: "balancer",
        value: {
          discovery: { kind: { value: { path: "v2.shop.svc.cluster.local:80" } } },
          load: { case: "peakEwma", value: { defaultRtt: { nanos: 30_000_000 } } },
        },
      },
    },
  });
  expect(route?.rules[1]).toMatchObject({
    filters: [{ kind: { case: "redirect" } }],
    backends: {
      kind: {
        case: "firstAvailable",
        value: { backends: [{ backend: { metadata: { kind: { value: { name: "web" } } } } }] },
      },
    },
  });
});

test("OUT4: producer routes are everybody's, consumer routes their namespace's alone", () => {
  const world = new OutboundWorld();
  const all = ["shop", "client", "other"].map((client) => world.watch(client));
  const names = () =>
    all.map(({ newest }) =>
      httpOf(newest())
        .map(({ metadata }) => {
          const value = metadata?.kind.value;
          return typeof value === "object" ? value.name : value;
        })
        .join(),
    );
  world.put("httpRoutes", "producer", rules({}));
  expect(names()).toEqual(["producer", "producer", "producer"]);
  const parentRefs = [parentService("web", { namespace: "shop" })];
  world.put("linkerdHttpRoutes", "consumer", { parentRefs, rules: [{}] }, { namespace: "client" });
  expect(names()).toEqual(["producer", "consumer", "producer"]);
  expect(all.map(({ sent }) => sent())).toEqual([2, 3, 2]);
  world.put("httpRoutes", "second", rules({}));
  expect(names()).toEqual(["producer,second", "consumer", "producer,second"]);
  expect(all.map(({ sent }) => sent())).toEqual([3, 3, 3]);
  expect(all[0]?.call.sent.at(-1)).toBe(all[2]?.call.sent.at(-1) as Uint8Array);
  world.drop("linkerdHttpRoutes", "consumer", "client");
  expect(names()).toEqual(["producer,second", "producer,second", "producer,second"]);
});

test.each([
  ["is not there", backend("none"), "Service not found none", { kind: "Service", name: "none" }],
  ["has no port", { name: "web" }, "missing port for backend Service web", "invalid"],
  [
    "is of another kind",
    backend("web", { group: "x", kind: "Bucket" }),
    "unsupported backend type x Bucket web",
    "invalid",
  ],
  [
    "is an EgressNetwork that is not there",
    { group: "policy.linkerd.io", kind: "EgressNetwork", name: "all" },
    "EgressNetwork not found all",
    { kind: "EgressNetwork", name: "all" },
  ],
  ["cannot be read", backend("web", { weigth: 3 }), "backendRef.weigth is not known", "invalid"],
  ["is outside", backend("outside"), "Service not found outside", { name: "outside" }],
])("OUT9: a backend that %s fails its share alone", (_, bad, message, metadata) => {
  const world = new OutboundWorld();
  world.putService("outside", { type: "ExternalName", externalName: "example.com" });
  const { newest } = world.watch();
  world.put("httpRoutes", "r", rules({ backendRefs: [backend("web", { weight: 3 }), bad] }));
  const [good, share] = backendsOf(newest());
  expect(good).toMatchObject({ weight: 3, filters: [], backend: { kind: { case: "balancer" } } });
  expect(share).toMatchObject({
    weight: 1,
    filters: [{ kind: { case: "failureInjector", value: { status: 500, message } } }],
    backend: { metadata: { kind: { value: metadata } }, kind: { case: undefined } },
  });
  expect(share?.backend?.queue).toBeDefined();
});

test("OUT9: a Service that comes makes its share whole, and one that goes fails it", () => {
  const world = new OutboundWorld();
  const { newest, sent } = world.watch();
  world.put("httpRoutes", "r", rules({ backendRefs: [backend("v2")] }));
  const leads = () => backendsOf(newest()).map((each) => each.backend?.kind.case);
  expect(leads()).toEqual([undefined]);
  world.putService("v2");
  expect(leads()).toEqual(["balancer"]);
  world.putService("v3");
  world.from.services.drop({ name: "v2", namespace: "shop" });
  expect(leads()).toEqual([undefined]);
  expect(sent()).toBe(4);
});

test("OUT9: where no backend has a weight nothing is sent anywhere", () => {
  const world = new OutboundWorld();
  const { newest } = world.watch();
  world.put("httpRoutes", "r", rules({ backendRefs: [backend("web", { weight: 0 })] }));
  expect(ruleOf(newest())?.filters).toMatchObject([
    { kind: { case: "failureInjector", value: { status: 500 } } },
  ]);
  expect(backendsOf(newest())).toMatchObject([{ backend: { kind: { case: undefined } } }]);
});

test("OUT1: a rule that cannot be read refuses what it takes; the others stay in force", () => {
  const world = new OutboundWorld();
  const { newest } = world.watch();
  world.put(
    "httpRoutes",
    "r",
    rules(
      { matches: [{ path: { value: "/a" }, cookies: [] }], backendRefs: [backend("web")] },
      { matches: [{ path: { value: "/b" } }] },
    ),
  );
  const [first, second] = httpOf(newest())[0]?.rules ?? [];
  expect(first).toMatchObject({
    matches: [{ path: { kind: { value: "/a" } } }],
    filters: [
      {
        kind: {
          case: "failureInjector",
          value: { status: 500, message: "spec.rules[0].matches[0].cookies is not known" },
        },
      },
    ],
    backends: {
      kind: { case: "firstAvailable", value: { backends: [{ backend: { kind: {} } }] } },
    },
  });
  expect(second?.filters).toEqual([]);
});
