import { expect, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import type { OutboundPolicy } from "#lib/api/gen/proxy/outbound_pb.ts";
import { OutboundPolicySchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import {
  backend,
  OutboundWorld,
  parentService,
  type Target,
  toAddress,
} from "../../test/fake/outbound-world.ts";
import { fakePod } from "../../test/fake/web-cluster.ts";

const BREAKER = "balancer.linkerd.io/failure-accrual";
const ALPHA = "balancer.alpha.linkerd.io/";
const authority = (value: string): Target => ({ case: "authority", value });
const rules = (...each: object[]) => ({ parentRefs: [parentService()], rules: each });
const seconds = (each: { seconds: bigint } | undefined) => each && Number(each.seconds);

/** HTTP routes of a policy that is detected or is HTTP. */
function httpOf({ protocol }: OutboundPolicy) {
  const kind = protocol?.kind;
  if (kind?.case === "detect") return kind.value.http1?.routes ?? [];
  if (kind?.case === "http1" || kind?.case === "http2") return kind.value.routes;
  throw new Error(`no HTTP: ${kind?.case}`);
}
const ruleOf = (policy: OutboundPolicy) => httpOf(policy)[0]?.rules[0];
/** Backends of the first rule. */
function backendsOf(policy: OutboundPolicy) {
  const kind = ruleOf(policy)?.backends?.kind;
  if (kind?.case === "firstAvailable")
    return kind.value.backends.map((each) => ({ ...each, weight: 1 }));
  if (kind?.case !== "randomAvailable") throw new Error(`no backends: ${kind?.case}`);
  return kind.value.backends.map(({ backend: each, weight }) => ({ ...each, weight }));
}

test("OUT1, OUT5: a Service's port is balanced, and the policy follows the Service", () => {
  const world = new OutboundWorld();
  const { newest, sent } = world.watch();
  expect(newest().metadata?.kind.value).toMatchObject({
    ...{ group: "core", kind: "Service", name: "web", namespace: "shop", port: 80 },
  });
  expect(newest().protocol?.kind.case).toBe("detect");
  expect(httpOf(newest())).toMatchObject([
    {
      metadata: { kind: { case: "default", value: "http" } },
      rules: [
        {
          matches: [{ path: { kind: { case: "prefix", value: "/" } } }],
          allowL5dRequestHeaders: false,
        },
      ],
    },
  ]);
  const port = (appProtocol: string) => ({ ports: [{ port: 80, appProtocol }] });
  for (const [appProtocol, kind] of [
    ["http", "http1"],
    ["kubernetes.io/h2c", "http2"],
    ["tcp", "opaque"],
  ] as const) {
    world.putService("web", port(appProtocol));
    expect(newest().protocol?.kind.case).toBe(kind);
  }
  expect(sent()).toBe(4);
  world.putService("web", port("tcp"));
  expect(sent()).toBe(4);
});

test("OUT1, OUT11, OUT12: names, addresses unknown, ports undefined", () => {
  const world = new OutboundWorld();
  const get = (target: Target) => {
    const call = world.ask("Get", target);
    expect(call.ended).toBe("0 ");
    return fromBinary(OutboundPolicySchema, call.take().at(-1) ?? new Uint8Array());
  };
  const named = get(authority("web.shop.svc.cluster.local.:80"));
  expect(named.metadata?.kind.value).toMatchObject({ name: "web", port: 80 });
  expect(get(authority("web.shop.svc.cluster.local"))).toEqual(named);
  const outside = get(toAddress("1.1.1.1", 443));
  expect(outside.metadata?.kind.value).toBe("egress-fallback");
  expect(outside.protocol?.kind.case).toBe("detect");
  expect(backendsOf(outside)).toMatchObject([
    { backend: { kind: { case: "forward", value: { addr: { port: 443 } } } } },
  ]);
  expect(get(toAddress("10.96.0.1", 9)).protocol?.kind).toMatchObject({
    case: "opaque",
    value: {
      routes: [
        {
          metadata: { kind: { value: "undefined-port" } },
          rules: [
            { backends: { kind: { case: "empty" } }, filters: [{ kind: { case: "forbidden" } }] },
          ],
        },
      ],
    },
  });
});

test("P23, OUT11: the policy of a pod's own address has all that its endpoint has, as it comes before the profile", () => {
  const world = new OutboundWorld();
  const { newest, sent } = world.watch("shop", toAddress("10.1.0.2", 8080));
  const forwardedTo = () => {
    const kind = backendsOf(newest())[0]?.backend?.kind;
    return kind?.case === "forward" ? kind.value : undefined;
  };
  expect(forwardedTo()).toMatchObject({ weight: 1, addr: { port: 8080 } });
  expect(forwardedTo()?.tlsIdentity).toBeUndefined();
  world.from.pods.put(fakePod("web-2", "10.1.0.2"));
  expect(forwardedTo()).toMatchObject({
    ...{ weight: 1, addr: { port: 8080 }, metricLabels: { pod: "web-2", namespace: "shop" } },
    tlsIdentity: {
      serverName: { name: "web.shop.serviceaccount.identity.linkerd.cluster.local" },
    },
    protocolHint: { protocol: { case: "h2" }, opaqueTransport: { inboundPort: 4143 } },
  });
  const { metadata, ...rest } = fakePod("web-2", "10.1.0.2");
  const annotations = { "config.linkerd.io/opaque-ports": "8080" };
  world.from.pods.put({ metadata: { ...metadata, annotations }, ...rest });
  expect(newest().protocol?.kind.case).toBe("opaque");
  const before = sent();
  const others = { ...annotations, "example.com/x": "y" };
  world.from.pods.put({ metadata: { ...metadata, annotations: others }, ...rest });
  expect(sent()).toBe(before);
  world.from.pods.drop({ name: "web-2", namespace: "shop" });
  expect(forwardedTo()?.tlsIdentity).toBeUndefined();
});

test("OUT14: what cannot be answered is refused; a watched Service that goes ends its watch by name", () => {
  const world = new OutboundWorld();
  const refused = (target?: Target, source?: string) => {
    try {
      world.ask("Watch", target, source);
    } catch (error) {
      return (error as { code: number }).code;
    }
    return undefined;
  };
  const web = toAddress("10.96.0.1", 80);
  expect(refused()).toBe(3);
  expect(refused({ case: "addr", value: { port: 80 } })).toBe(3);
  expect(refused(toAddress("10.96.0.1", 0))).toBe(3);
  expect(refused(toAddress("10.96.0.1", 65_536))).toBe(3);
  expect(refused(web, "")).toBe(3);
  expect(refused(web, "nobody")).toBe(3);
  expect(refused(web, '{"ns":"shop","external_workload":"vm"}')).toBeUndefined();
  expect(refused(authority("example.com"))).toBe(5);
  expect(refused(authority("none.shop.svc.cluster.local:80"))).toBe(5);
  const { call } = world.watch("shop", authority("web.shop.svc.cluster.local:80"));
  world.from.services.drop({ name: "web", namespace: "shop" });
  expect(call.ended).toBe("5 no Service shop/web");
});

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

test("OUT2, OUT3, OUT13: a GRPCRoute holds alone, with retries by codes", () => {
  const world = new OutboundWorld();
  const { newest } = world.watch();
  world.put("httpRoutes", "http", rules({}));
  world.put(
    "grpcRoutes",
    "calls",
    rules(
      {
        matches: [{ method: { service: "pkg.Web", method: "Get" } }],
        filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { remove: ["x"] } }],
        backendRefs: [backend("none")],
      },
      { filters: [{ type: "ResponseHeaderModifier", responseHeaderModifier: {} }] },
    ),
    {
      annotations: {
        "retry.linkerd.io/grpc":
          "cancelled,deadline-exceeded,internal,resource-exhausted,unavailable",
        "retry.linkerd.io/limit": "4",
        "retry.linkerd.io/timeout": "1s",
      },
    },
  );
  const kind = newest().protocol?.kind;
  if (kind?.case !== "grpc") throw new Error(`no gRPC: ${kind?.case}`);
  const [first, second] = kind.value.routes[0]?.rules ?? [];
  expect(first).toMatchObject({
    matches: [{ rpc: { service: "pkg.Web", method: "Get" } }],
    filters: [{ kind: { case: "requestHeaderModifier" } }],
    retry: {
      maxRetries: 4,
      maxRequestBytes: 65_536,
      timeout: { seconds: 1n },
      conditions: {
        ...{ cancelled: true, deadineExceeded: true, internal: true },
        ...{ resourceExhausted: true, unavailable: true },
      },
      backoff: {
        minBackoff: { nanos: 25_000_000 },
        maxBackoff: { nanos: 250_000_000 },
        jitterRatio: 1,
      },
    },
    backends: {
      kind: {
        value: {
          backends: [
            { backend: { filters: [{ kind: { case: "failureInjector", value: { code: 14 } } }] } },
          ],
        },
      },
    },
  });
  expect(second?.filters).toMatchObject([
    { kind: { case: "failureInjector", value: { code: 13 } } },
  ]);
});

test("OUT2, OUT3: TLSRoutes by name, else the first TCPRoute", () => {
  const world = new OutboundWorld();
  const { newest } = world.watch();
  world.put("tcpRoutes", "b", rules({ backendRefs: [backend("web"), backend("none")] }));
  world.put("tcpRoutes", "a", rules({}), { creationTimestamp: new Date(1).toISOString() as never });
  const opaque = newest().protocol?.kind;
  expect(opaque).toMatchObject({
    case: "opaque",
    value: {
      routes: [
        {
          metadata: { kind: { value: { kind: "TCPRoute", name: "b" } } },
          rules: [
            {
              backends: {
                kind: {
                  case: "randomAvailable",
                  value: {
                    backends: [
                      { backend: { filters: [] } },
                      {
                        backend: {
                          filters: [
                            {
                              kind: {
                                case: "invalid",
                                value: { message: "Service not found none" },
                              },
                            },
                          ],
                        },
                      },
                    ],
                  },
                },
              },
            },
          ],
        },
      ],
    },
  });
  expect(opaque?.case === "opaque" && opaque.value.routes).toHaveLength(1);
  world.put("tlsRoutes", "t", { ...rules({}), hostnames: ["*.example.com", "example.org"] });
  expect(newest().protocol?.kind).toMatchObject({
    case: "tls",
    value: {
      routes: [
        {
          snis: [
            { match: { case: "suffix", value: { reverseLabels: ["com", "example"] } } },
            { match: { case: "exact", value: "example.org" } },
          ],
        },
      ],
    },
  });
  world.put("tlsRoutes", "t", rules({}, {}));
  expect(newest().protocol?.kind).toMatchObject({
    case: "tls",
    value: {
      routes: [
        {
          rules: [
            {
              filters: [
                { kind: { case: "invalid", value: { message: "TLSRoute must have one rule" } } },
              ],
            },
          ],
        },
      ],
    },
  });
});

test("OUT8, OUT13: rules without retries or limits of their own have the Service's", () => {
  const world = new OutboundWorld();
  const { newest } = world.watch();
  world.putService("web", {
    annotations: {
      "retry.linkerd.io/http": "5xx",
      "timeout.linkerd.io/request": "5s",
      "timeout.linkerd.io/response": "4s",
      "timeout.linkerd.io/idle": "3s",
    },
  });
  const limits = () => {
    const { timeouts, requestTimeout, retry } = ruleOf(newest()) ?? {};
    const of = [timeouts?.request, timeouts?.response, timeouts?.idle, requestTimeout];
    return [...of.map(seconds), retry?.maxRetries, retry?.conditions?.statusRanges.length];
  };
  expect(limits()).toEqual([5, 4, 3, 5, 1, 1]);
  world.put("httpRoutes", "r", rules({}));
  expect(limits()).toEqual([5, 4, 3, 5, 1, 1]);
  world.put("httpRoutes", "r", rules({ timeouts: { request: "7s" } }));
  expect(limits()).toEqual([7, undefined, undefined, 7, 1, 1]);
  world.put("httpRoutes", "r", rules({ timeouts: { request: "0s" } }));
  expect(limits()).toEqual([undefined, undefined, undefined, undefined, 1, 1]);
  const annotations = { "timeout.linkerd.io/request": "9s", "retry.linkerd.io/limit": "2" };
  world.put("httpRoutes", "r", rules({ timeouts: { request: "7s" } }), { annotations });
  expect(limits()).toEqual([9, undefined, undefined, 9, 2, 0]);
});

test("OUT7, OUT13: circuit breaking and load by the Service's annotations", () => {
  const world = new OutboundWorld();
  const { newest } = world.watch();
  const penalize = { [`${ALPHA}penalize-failures`]: "true" };
  world.putService("web", { annotations: { [BREAKER]: "consecutive", ...penalize } });
  const detect = newest().protocol?.kind;
  if (detect?.case !== "detect") throw new Error(`not detected: ${detect?.case}`);
  expect(detect.value.http1?.failureAccrual).toMatchObject({
    kind: {
      case: "consecutiveFailures",
      value: {
        maxFailures: 7,
        backoff: {
          minBackoff: { seconds: 1n },
          maxBackoff: { seconds: 60n },
          jitterRatio: 0.5,
          respectRetryAfterHint: false,
        },
      },
    },
  });
  expect(detect.value.http2?.failureAccrual).toEqual(detect.value.http1?.failureAccrual);
  expect(backendsOf(newest())[0]?.backend?.kind.value).toMatchObject({
    load: {
      case: "penaltyPeakEwma",
      value: {
        penalty: { seconds: 5n },
        maxRetryAfter: { seconds: 300n },
        penaltyDecay: { seconds: 10n },
      },
    },
  });
  expect(detect.value.opaque?.routes[0]?.rules[0]?.backends?.kind.value).toMatchObject({
    backends: [{ backend: { kind: { value: { load: { case: "peakEwma" } } } } }],
  });
  const honor = { [`${ALPHA}failure-accrual-honor-retry-after`]: "true" };
  world.putService("web", {
    annotations: { [BREAKER]: "unified", ...honor },
    ports: [{ port: 80, appProtocol: "http" }],
  });
  const http1 = newest().protocol?.kind;
  expect(http1?.case === "http1" && http1.value.failureAccrual).toMatchObject({
    kind: {
      case: "unified",
      value: {
        ...{ successRateThreshold: 0.8, minRequests: 5, maxConsecutiveFailures: 7 },
        decay: { seconds: 10n },
        backoff: { respectRetryAfterHint: true },
      },
    },
  });
});

test("what of annotations and of routes of connections cannot be read is told", () => {
  const world = new OutboundWorld();
  world.putService("web", { annotations: { "retry.linkerd.io/limit": "many" } });
  world.put("httpRoutes", "r", rules({}), { annotations: { "timeout.linkerd.io/idle": "x" } });
  world.put("tcpRoutes", "t", rules({ matches: [] }));
  expect(world.faults).toEqual([
    "services shop/web: annotation retry.linkerd.io/limit cannot be read: many",
    "httproutes.gateway.networking.k8s.io shop/r: annotation timeout.linkerd.io/idle cannot be read: x",
    "tcproutes.gateway.networking.k8s.io shop/t: spec.rules[0].matches is not known",
  ]);
});

/** A client that goes to 1.1.1.1:443, and EgressNetwork `all` of its namespace. */
function goesOutside(trafficPolicy: string, annotations: Record<string, string> = {}) {
  const world = new OutboundWorld();
  world.put("egressNetworks", "all", { trafficPolicy }, { annotations });
  const parentRefs = [
    { group: "policy.linkerd.io", kind: "EgressNetwork", name: "all", port: 443 },
  ];
  return { world, parentRefs, ...world.watch("shop", toAddress("1.1.1.1", 443)) };
}
const nameOf = ({ metadata }: Pick<OutboundPolicy, "metadata">) => {
  const value = metadata?.kind.value;
  return typeof value === "object" ? value.name : value;
};

test.each([
  ["Allow", "allow", [], "forward"],
  ["Deny", "deny", [{ kind: { case: "failureInjector", value: { status: 403 } } }], undefined],
])("OUT10: an EgressNetwork with %s and no routes", (policy, word, filters, target) => {
  const { newest } = goesOutside(policy);
  expect(newest().metadata?.kind.value).toMatchObject({
    ...{ group: "policy.linkerd.io", kind: "EgressNetwork", name: "all", namespace: "shop" },
    port: 443,
  });
  expect(httpOf(newest()).map(nameOf)).toEqual([`http-egress-${word}`]);
  expect(ruleOf(newest())?.filters).toMatchObject(filters);
  expect(backendsOf(newest()).map((each) => each.backend?.kind.case)).toEqual([target as never]);
  const kind = newest().protocol?.kind;
  const opaque = kind?.case === "detect" ? kind.value.opaque?.routes : [];
  expect(opaque?.map(nameOf)).toEqual([`tcp-egress-${word}`]);
  expect(opaque?.[0]?.rules[0]?.filters.map((each) => each.kind.case)).toEqual(
    policy === "Deny" ? ["forbidden"] : [],
  );
});

test("OUT10: routes come before the default of an EgressNetwork, a TCPRoute instead of it", () => {
  const { world, newest, parentRefs } = goesOutside("Deny");
  const names = () => {
    const kind = newest().protocol?.kind;
    if (kind?.case === undefined || kind.case === "detect") return httpOf(newest()).map(nameOf);
    return [kind.case, ...kind.value.routes.map(nameOf)];
  };
  world.put("tcpRoutes", "t", { parentRefs, rules: [{}] });
  expect(names()).toEqual(["opaque", "t"]);
  world.put("tlsRoutes", "s", { parentRefs, hostnames: ["a.example"], rules: [{}] });
  expect(names()).toEqual(["tls", "s", "tls-egress-deny"]);
  world.put("httpRoutes", "h", { parentRefs, rules: [{}] });
  expect(names()).toEqual(["h", "http-egress-deny"]);
  expect(backendsOf(newest())).toMatchObject([
    { backend: { metadata: { kind: { value: { kind: "EgressNetwork" } } } } },
  ]);
  expect(backendsOf(newest())[0]?.backend?.kind.case).toBe("forward");
  world.put("grpcRoutes", "g", { parentRefs, rules: [{}] });
  expect(names()).toEqual(["grpc", "g", "grpc-egress-deny"]);
  const grpc = newest().protocol?.kind;
  expect(grpc?.case === "grpc" && grpc.value.routes[1]?.rules[0]?.filters).toMatchObject([
    { kind: { value: { code: 7, message: "traffic not allowed" } } },
  ]);
});

test("OUT10: rules lead to Services, or to the EgressNetwork that they are attached to", () => {
  const { world, newest, parentRefs } = goesOutside("Allow");
  world.put("egressNetworks", "other", {
    trafficPolicy: "Allow",
    networks: [{ cidr: "9.9.9.9/32" }],
  });
  const network = (name: string) => ({ group: "policy.linkerd.io", kind: "EgressNetwork", name });
  const backendRefs = [backend("web"), network("all"), network("other")];
  world.put("httpRoutes", "h", { parentRefs, rules: [{ backendRefs }] });
  expect(backendsOf(newest()).map((each) => each.backend?.kind.case)).toEqual([
    ...(["balancer", "forward", undefined] as const),
  ]);
});

test("OUT2, OUT10: an opaque port, breaking and limits by annotations of an EgressNetwork", () => {
  const { newest } = goesOutside("Allow", { "config.linkerd.io/opaque-ports": "443" });
  expect(newest().protocol?.kind.case).toBe("opaque");
  const other = goesOutside("Allow", { [BREAKER]: "consecutive", "retry.linkerd.io/http": "5xx" });
  const kind = other.newest().protocol?.kind;
  expect(kind?.case === "detect" && kind.value.http1?.failureAccrual?.kind.case).toBe(
    "consecutiveFailures",
  );
  expect(ruleOf(other.newest())?.retry?.maxRetries).toBe(1);
});

test("OUT10: an EgressNetwork that cannot be read denies, and is told", () => {
  const { world, newest } = goesOutside("Perhaps");
  expect(httpOf(newest()).map(nameOf)).toEqual(["http-egress-deny"]);
  expect(world.faults).toEqual([
    "egressnetworks shop/all: spec.trafficPolicy is not known: Perhaps",
  ]);
});
