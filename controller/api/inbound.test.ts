import { expect, test } from "bun:test";
import {
  authn,
  InboundWorld,
  parentServer,
  target,
  webServer,
} from "../../test/fake/inbound-world.ts";

const WORKLOAD = '{"ns":"shop", "pod":"web-1"}\n';
const DEFAULT_POLICY = "config.linkerd.io/default-inbound-policy";
const POLICY = "policy.linkerd.io";

test("INB2, INB3: WatchPort gives the default policy, and follows the namespace; watchers share the bytes", () => {
  const world = new InboundWorld();
  const first = world.watch(8080, WORKLOAD);
  const second = world.watch(8080, WORKLOAD);
  expect(first.newest().labels).toEqual({
    group: "",
    kind: "default",
    name: "all-unauthenticated",
  });
  expect(first.newest().authorizations[0]?.networks).toHaveLength(2);
  expect(second.call.sent[0]).toBe(first.call.sent[0] as Uint8Array);
  const annotations = { [DEFAULT_POLICY]: "all-authenticated" };
  world.from.namespaces.put({ metadata: { name: "shop", annotations } });
  expect(first.newest().authorizations[0]?.authentication?.permit.case).toBe("meshTLS");
  world.from.namespaces.put({
    metadata: { name: "shop", annotations: { ...annotations, other: "x" } },
  });
  expect(first.sent()).toBe(2);
  second.call.onCancel();
  world.from.pods.drop({ namespace: "shop", name: "web-1" });
  expect(first.newest()).toMatchObject({ authorizations: [], labels: { name: "deny" } });
  expect(second.sent()).toBe(2);
});

test("INB1, INB2: a workload outside of the cluster asks by its own token, whatever pod has its name", () => {
  const world = new InboundWorld();
  const token = '{"ns":"shop","external_workload":"web-1"}';
  expect(() => world.watch(8080, token)).toThrow("no workload shop/web-1");
  const metadata = { name: "web-1", namespace: "shop", labels: { app: "web" } };
  const put = (ports: object[]) =>
    world.from.externalWorkloads.put({
      metadata,
      spec: { meshTLS: { identity: "vm.example" }, workloadIPs: [], ports },
    });
  put([{ name: "http", port: 8080 }]);
  const outside = world.watch(8080, token);
  const pod = world.watch(8080);
  world.put("servers", "vm", {
    ...{ externalWorkloadSelector: { matchLabels: { app: "web" } }, port: "http" },
    proxyProtocol: "HTTP/2",
  });
  expect(outside.newest().labels).toMatchObject({ kind: "server", name: "vm" });
  expect(pod.newest().labels).toMatchObject({ kind: "default" });
  put([{ name: "http", port: 9090 }]);
  expect(outside.newest().labels).toMatchObject({ kind: "default" });
  world.from.externalWorkloads.drop({ name: "web-1", namespace: "shop" });
  expect(outside.newest().labels).toMatchObject({ name: "deny" });
  expect(pod.sent()).toBe(1);
});

test("GetPort refuses what it cannot answer", () => {
  const world = new InboundWorld();
  expect(world.ask("GetPort", WORKLOAD, 1)).toMatchObject({ ended: "0 ", sent: { length: 1 } });
  for (const [workload, port] of [
    ["x", 1],
    [WORKLOAD, 0],
    ["shop:none", 1],
  ] as const)
    expect(() => world.ask("GetPort", workload, port)).toThrow();
});

test.each([
  ["unknown", "detect"],
  ["HTTP/1", "http1"],
  ["HTTP/2", "http2"],
  ["gRPC", "grpc"],
  ["opaque", "opaque"],
  ["TLS", "tls"],
])(
  "INB2, INB5: a Server of protocol %s is served as %s, under its own name",
  (proxyProtocol, kind) => {
    const world = new InboundWorld();
    world.put("servers", "web", webServer({ proxyProtocol }));
    const server = world.watch(8080).newest();
    expect(server.protocol?.kind.case).toBe(kind as "detect");
    expect(server.labels).toEqual({ group: POLICY, kind: "server", name: "web" });
    expect(server.authorizations).toEqual([]);
  },
);

test("INB6, INB7: authorizations say from where and who, and where they come from", () => {
  const world = new InboundWorld();
  world.put("servers", "web", webServer({ accessPolicy: "cluster-authenticated" }));
  const client = { networks: [{ cidr: "10.0.0.0/8" }], unauthenticated: true };
  world.put("serverAuthorizations", "older", { server: { name: "web" }, client });
  world.put("networkAuthentications", "office", {
    networks: [{ cidr: "192.168.0.0/16", except: ["192.168.1.0/24"] }],
  });
  const identityRefs = [
    { kind: "ServiceAccount", name: "api" },
    { kind: "Namespace", name: "jobs" },
  ];
  world.put("meshTlsAuthentications", "who", { identities: ["*.example"], identityRefs });
  world.put("authorizationPolicies", "newer", {
    targetRef: target("Server", "web"),
    requiredAuthenticationRefs: [
      authn("MeshTLSAuthentication", "who"),
      authn("NetworkAuthentication", "office"),
    ],
  });
  const [access, older, newer] = world.watch(8080).newest().authorizations;
  expect(access?.metadata?.kind).toEqual({ case: "default", value: "cluster-authenticated" });
  expect(older?.labels).toEqual({ group: POLICY, kind: "serverauthorization", name: "older" });
  expect(older?.authentication?.permit.case).toBe("unauthenticated");
  expect(newer?.metadata?.kind.value).toMatchObject({
    ...{ group: POLICY, kind: "authorizationpolicy", name: "newer" },
  });
  expect(newer?.labels).toEqual({ group: POLICY, kind: "authorizationpolicy", name: "newer" });
  expect(newer?.networks).toMatchObject([{ net: { prefixLen: 16 }, except: [{ prefixLen: 24 }] }]);
  expect(newer?.authentication?.permit.value).toMatchObject({
    clients: {
      case: "identities",
      value: {
        identities: [{ name: "api.shop.serviceaccount.identity.linkerd.cluster.local" }],
        suffixes: [
          { parts: ["example"] },
          { parts: "jobs.serviceaccount.identity.linkerd.cluster.local".split(".") },
        ],
      },
    },
  });
});

test("INB4, INB8: a Server that audits allows everybody, by a name that proxies log", () => {
  const world = new InboundWorld();
  world.put("servers", "web", webServer({ accessPolicy: "audit" }));
  const server = world.watch(8080).newest();
  expect(server.labels["name"]).toBe("web");
  expect(server.authorizations).toMatchObject([
    {
      metadata: { kind: { case: "default", value: "audit" } },
      authentication: { permit: { case: "unauthenticated" } },
    },
  ]);
});

/** The routes of whatever HTTP the port speaks. */
function httpRoutes(world: InboundWorld, port = 8080) {
  const { kind } = world.watch(port).newest().protocol ?? {};
  if (kind?.case === "detect") return kind.value.httpRoutes;
  return kind?.case === "http1" || kind?.case === "http2" ? kind.value.routes : [];
}

test("INB9: probes pass from their networks alone, unless routes are attached", () => {
  const world = new InboundWorld({ defaultPolicy: "deny" });
  world.from.pods.put({
    metadata: { name: "web-1", namespace: "shop", labels: { app: "web" } },
    spec: {
      containers: [
        {
          name: "app",
          ports: [{ name: "http", containerPort: 8080 }],
          readinessProbe: { httpGet: { path: "/ready", port: 8080 } },
        },
      ],
    },
  });
  const [probe, rest] = httpRoutes(world);
  expect(probe).toMatchObject({
    metadata: { kind: { case: "default", value: "probe" } },
    authorizations: [{ networks: [{ net: { prefixLen: 16 } }] }],
    rules: [{ matches: [{ path: { kind: { case: "exact", value: "/ready" } } }] }],
  });
  expect(rest).toMatchObject({
    metadata: { kind: { case: "default", value: "default" } },
    authorizations: [],
    rules: [{ matches: [{ path: { kind: { case: "prefix", value: "/" } } }] }],
  });
  world.put("servers", "web", webServer());
  expect(httpRoutes(world)).toHaveLength(2);
  world.put("linkerdHttpRoutes", "r", { parentRefs: [parentServer("web")], rules: [{}] });
  expect(httpRoutes(world).map(({ metadata }) => metadata?.kind.case)).toEqual(["resource"]);
});

test("INB10: HTTPRoutes of both groups are served with hosts, matches and filters, the older first", () => {
  const world = new InboundWorld();
  world.put("servers", "web", webServer({ proxyProtocol: "unknown" }));
  const requestHeaderModifier = { set: [{ name: "x", value: "1" }] };
  const rules = [
    {
      matches: [{ path: { type: "Exact", value: "/a" }, method: "POST" }],
      filters: [{ type: "RequestHeaderModifier", requestHeaderModifier }],
    },
    { filters: [{ type: "RequestRedirect", requestRedirect: { hostname: "other" } }] },
    { filters: [{ type: "URLRewrite", urlRewrite: {} }] },
  ];
  const parentRefs = [parentServer("web")];
  world.put(
    "linkerdHttpRoutes",
    "young",
    { parentRefs, rules: [{}] },
    {
      creationTimestamp: "2026-01-02T00:00:00Z",
    },
  );
  world.put(
    "httpRoutes",
    "old",
    { parentRefs, hostnames: ["*.web.example"], rules },
    {
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
  );
  const [old, young] = httpRoutes(world);
  expect(old?.metadata?.kind.value).toMatchObject({
    ...{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "old" },
  });
  expect(old?.hosts[0]?.match.value).toMatchObject({ reverseLabels: ["example", "web"] });
  expect(old?.rules.map(({ filters }) => filters[0]?.kind.case)).toEqual([
    "requestHeaderModifier",
    "redirect",
    "failureInjector",
  ]);
  expect(young?.metadata?.kind.value).toMatchObject({ group: POLICY });
});

test("INB6: a ServerAuthorization without networks is for those of the cluster, as Linkerd has it", () => {
  const world = new InboundWorld();
  world.put("servers", "web", webServer());
  const client = { unauthenticated: true };
  world.put("serverAuthorizations", "older", { server: { name: "web" }, client });
  const [older] = world.watch(8080).newest().authorizations;
  expect(older?.networks).toMatchObject([{ net: { prefixLen: 8 } }]);
});

test("INB6, INB10: a route's own authorizations stand on the route", () => {
  const world = new InboundWorld();
  world.put("servers", "web", webServer());
  world.put("linkerdHttpRoutes", "r", { parentRefs: [parentServer("web")], rules: [{}] });
  world.put("authorizationPolicies", "p", {
    targetRef: target("HTTPRoute", "r"),
    requiredAuthenticationRefs: [{ kind: "ServiceAccount", name: "api" }],
  });
  expect(world.watch(8080).newest().authorizations).toEqual([]);
  expect(httpRoutes(world)[0]?.authorizations).toHaveLength(1);
});

test("INB10: GRPCRoutes are served where gRPC is spoken", () => {
  const world = new InboundWorld();
  world.put("servers", "web", webServer({ proxyProtocol: "gRPC" }));
  const routes = () => {
    const { kind } = world.watch(8080).newest().protocol ?? {};
    return kind?.case === "grpc" ? kind.value.routes : [];
  };
  expect(routes()).toMatchObject([
    { metadata: { kind: { value: "default" } }, rules: [{ matches: [{ rpc: { service: "" } }] }] },
  ]);
  const rules = [
    { matches: [{ method: { service: "shop.Web", method: "Buy" } }] },
    { filters: [{ type: "ResponseHeaderModifier", responseHeaderModifier: {} }] },
  ];
  world.put("grpcRoutes", "g", { parentRefs: [parentServer("web")], rules });
  world.put("httpRoutes", "h", { parentRefs: [parentServer("web")], rules: [{}] });
  expect(routes()).toMatchObject([
    {
      metadata: { kind: { value: { kind: "GRPCRoute", name: "g" } } },
      rules: [
        { matches: [{ rpc: { service: "shop.Web", method: "Buy" } }], filters: [] },
        { filters: [{ kind: { case: "failureInjector", value: { code: 13 } } }] },
      ],
    },
  ]);
});

test("INB10, INB12: a GRPCRoute that comes takes HTTPRoutes of its Server out of force, and gives them back", () => {
  const world = new InboundWorld();
  world.put("servers", "web", webServer());
  const parentRefs = [parentServer("web")];
  world.put("httpRoutes", "h", { parentRefs, rules: [{}] });
  const { newest } = world.watch(8080);
  const names = () => {
    const { kind } = newest().protocol ?? {};
    const routes = kind?.case === "http1" || kind?.case === "http2" ? kind.value.routes : [];
    const all = kind?.case === "detect" ? kind.value.httpRoutes : routes;
    return all.map(({ metadata }) => metadata?.kind.value);
  };
  expect(names()).toMatchObject([{ name: "h" }]);
  world.put("grpcRoutes", "g", { parentRefs, rules: [{}] });
  expect(names()).toEqual(["default"]);
  world.drop("grpcRoutes", "g");
  expect(names()).toMatchObject([{ name: "h" }]);
});

test("INB11: the oldest rate limit of a Server is served with its overrides", () => {
  const world = new InboundWorld();
  world.put("servers", "web", webServer({ proxyProtocol: "HTTP/2" }));
  const targetRef = target("Server", "web");
  world.put("rateLimits", "a", {
    targetRef,
    total: { requestsPerSecond: 100 },
    overrides: [{ requestsPerSecond: 50, clientRefs: [{ kind: "ServiceAccount", name: "api" }] }],
  });
  world.put("rateLimits", "b", { targetRef, total: { requestsPerSecond: 1 } });
  const { kind } = world.watch(8080).newest().protocol ?? {};
  const limit = kind?.case === "http2" ? kind.value.localRateLimit : undefined;
  expect(limit).toMatchObject({
    metadata: { kind: { value: { group: POLICY, kind: "HTTPLocalRateLimitPolicy", name: "a" } } },
    total: { requestsPerSecond: 100 },
    overrides: [
      {
        limit: { requestsPerSecond: 50 },
        clients: {
          identities: [{ name: "api.shop.serviceaccount.identity.linkerd.cluster.local" }],
        },
      },
    ],
  });
  expect(limit?.identity).toBeUndefined();
});
