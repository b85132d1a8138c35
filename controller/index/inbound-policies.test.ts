import { expect, test } from "bun:test";
import {
  authn,
  InboundWorld,
  parentServer,
  target,
  webServer,
} from "../../test/fake/inbound-world.ts";

/** What is woken by what a test does: names of ports. */
function setUp() {
  const world = new InboundWorld();
  world.putPod("web-2");
  world.putPod("db-1", { labels: { app: "db" }, ports: [{ name: "sql", containerPort: 5432 }] });
  const woken: string[] = [];
  const at = (name: string, port: number) =>
    world.inbound.subscribe({ namespace: "shop", name, port }, () => woken.push(`${name}:${port}`));
  const stops = [at("web-1", 8080), at("web-1", 9090), at("web-2", 8080), at("db-1", 5432)];
  return { world, stops, take: () => woken.splice(0).sort() };
}
const WEB = ["web-1:8080", "web-2:8080"];

test("a Server concerns the ports that it is about, and no others", () => {
  const { world, take } = setUp();
  world.put("servers", "web", webServer());
  expect(take()).toEqual(WEB);
  world.put("servers", "web", webServer());
  expect(take()).toEqual([]);
  world.put("servers", "web", webServer({ port: 9090 }));
  expect(take()).toEqual(["web-1:8080", "web-1:9090", "web-2:8080"]);
  world.put("servers", "elsewhere", webServer(), { namespace: "other" });
  expect(take()).toEqual([]);
  world.drop("servers", "web");
  expect(take()).toEqual(["web-1:9090"]);
});

test("INB2: a Server that is not the oldest concerns nobody until that one goes", () => {
  const { world, take } = setUp();
  world.put("servers", "b", webServer());
  take();
  world.put("servers", "c", webServer({ accessPolicy: "audit" }));
  expect(take()).toEqual([]);
  world.put("servers", "a", webServer({ accessPolicy: "audit" }));
  expect(take()).toEqual(WEB);
  world.drop("servers", "a");
  expect(take()).toEqual(WEB);
  world.drop("servers", "b");
  expect(take()).toEqual(WEB);
});

test("authorizations concern the ports of the Servers that they are about", () => {
  const { world, take } = setUp();
  world.put("servers", "web", webServer(), { labels: { tier: "front" } });
  world.put("servers", "db", { podSelector: { matchLabels: { app: "db" } }, port: 5432 });
  take();
  const client = { unauthenticated: true };
  const selector = { matchLabels: { tier: "front" } };
  world.put("serverAuthorizations", "a", { server: { selector }, client });
  expect(take()).toEqual(WEB);
  world.put("serverAuthorizations", "a", { server: { name: "db" }, client });
  expect(take()).toEqual(["db-1:5432", ...WEB]);
  const policy = (targetRef: object) => ({ targetRef, requiredAuthenticationRefs: [] });
  world.put("authorizationPolicies", "p", policy(target("Server", "web")));
  expect(take()).toEqual(WEB);
  world.put("authorizationPolicies", "p", policy(target("Namespace", "shop", "")));
  expect(take()).toEqual(["db-1:5432", ...WEB]);
  world.put("authorizationPolicies", "q", policy(target("Server", "none")));
  expect(take()).toEqual([]);
});

test("authentications concern what refers to them, in every namespace", () => {
  const { world, take } = setUp();
  world.put("servers", "web", webServer());
  const requiredAuthenticationRefs = [
    authn("MeshTLSAuthentication", "m", "ids"),
    authn("NetworkAuthentication", "n"),
  ];
  world.put("authorizationPolicies", "p", {
    targetRef: target("Server", "web"),
    requiredAuthenticationRefs,
  });
  take();
  world.put("meshTlsAuthentications", "m", { identities: ["x"] }, { namespace: "ids" });
  expect(take()).toEqual(WEB);
  world.put("networkAuthentications", "n", { networks: [{ cidr: "10.0.0.0/8" }] });
  expect(take()).toEqual(WEB);
  world.put("meshTlsAuthentications", "m", { identities: ["x"] });
  world.put("networkAuthentications", "other", { networks: [] });
  expect(take()).toEqual([]);
});

test("INB10: routes concern the Servers they are attached to, with the policies that are about them", () => {
  const { world, take } = setUp();
  world.put("servers", "web", webServer());
  take();
  const route = (...names: string[]) => ({ parentRefs: names.map(parentServer), rules: [{}] });
  world.put("linkerdHttpRoutes", "r", route("other"));
  expect(take()).toEqual([]);
  world.put("linkerdHttpRoutes", "r", route("other", "web"));
  expect(take()).toEqual(WEB);
  const policy = (group: string) => ({
    targetRef: target("HTTPRoute", "r", group),
    requiredAuthenticationRefs: [],
  });
  world.put("authorizationPolicies", "p", policy("policy.linkerd.io"));
  expect(take()).toEqual(WEB);
  world.put("authorizationPolicies", "q", policy("gateway.networking.k8s.io"));
  expect(take()).toEqual([]);
  world.put("httpRoutes", "r", route("web"));
  expect(take()).toEqual(WEB);
  world.drop("linkerdHttpRoutes", "r");
  expect(take()).toEqual(WEB);
  world.put("grpcRoutes", "g", { parentRefs: [parentServer("web")], rules: [] });
  expect(take()).toEqual(WEB);
});

test("INB11: only the rate limit that counts concerns its Server", () => {
  const { world, take } = setUp();
  world.put("servers", "web", webServer());
  take();
  const limit = (requestsPerSecond: number, server = "web") => ({
    targetRef: target("Server", server),
    total: { requestsPerSecond },
  });
  world.put("rateLimits", "b", limit(1));
  expect(take()).toEqual(WEB);
  world.put("rateLimits", "c", limit(2));
  expect(take()).toEqual([]);
  world.put("rateLimits", "b", limit(3));
  expect(take()).toEqual(WEB);
  world.put("rateLimits", "a", limit(4));
  expect(take()).toEqual(WEB);
  world.drop("rateLimits", "c");
  expect(take()).toEqual([]);
  world.put("rateLimits", "d", limit(1, "none"));
  expect(take()).toEqual([]);
});

test("a pod's change concerns the ports whose policy it changes", () => {
  const { world, take } = setUp();
  world.put("servers", "web", webServer());
  take();
  world.putPod("web-2", { labels: { app: "web", version: "2" } });
  expect(take()).toEqual([]);
  world.putPod("web-2", { labels: { app: "db" } });
  expect(take()).toEqual(["web-2:8080"]);
  world.putPod("web-1", { ports: [{ name: "http", containerPort: 9090 }] });
  expect(take()).toEqual(["web-1:8080", "web-1:9090"]);
  const key = "config.linkerd.io/default-inbound-policy";
  world.from.namespaces.put({ metadata: { name: "shop", annotations: { [key]: "deny" } } });
  expect(take()).toEqual(["db-1:5432", "web-1:8080", "web-2:8080"]);
  world.from.pods.drop({ name: "db-1", namespace: "shop" });
  expect(take()).toEqual(["db-1:5432"]);
});

test("nobody is woken who does not listen any more", () => {
  const { world, stops, take } = setUp();
  for (const stop of stops) stop();
  world.put("servers", "web", webServer());
  world.putPod("web-1", { labels: {} });
  expect(take()).toEqual([]);
  stops[0]?.();
  const again = setUp();
  again.world.inbound.stop();
  again.world.put("servers", "web", webServer());
  expect(again.take()).toEqual([]);
});
