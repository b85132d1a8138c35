import { expect, test } from "bun:test";
import { InboundWorld, parentServer, webServer } from "../../test/fake/inbound-world.ts";

test("F7: an object that cannot be read whole is named, and widens nothing", () => {
  const world = new InboundWorld();
  const at = { namespace: "shop", name: "web-1", port: 8080 };
  world.put("servers", "web", webServer({ accessPolicy: "everyone" }));
  expect(world.inbound.portPolicy(at)).toMatchObject({ authorizations: [], ref: { name: "web" } });
  const parentRefs = [parentServer("web")];
  const rules = [{ matches: [{ path: { type: "Glob", value: "/a*" } }] }];
  world.put("httpRoutes", "odd", { parentRefs, rules });
  expect(world.faults).toEqual([
    "servers shop/web: spec.accessPolicy is not known: everyone",
    "httproutes.gateway.networking.k8s.io shop/odd: spec.rules[0].matches[0].path.type is not known: Glob",
  ]);
  expect(world.inbound.portPolicy(at)?.httpRoutes[0]?.rules[0]?.filters).toMatchObject([
    { type: "refuse" },
  ]);
});

test("CPM5: sizes() counts objects by kind and namespace, routes of both groups together", () => {
  const world = new InboundWorld();
  world.put("linkerdHttpRoutes", "a", {});
  world.put("httpRoutes", "a", {});
  world.put("servers", "web", webServer(), { namespace: "other" });
  const sizes = world.inbound.objects.sizes();
  expect(sizes.get("http_route")).toEqual(new Map([["shop", 2]]));
  expect(sizes.get("server")).toEqual(new Map([["other", 1]]));
  expect([...sizes.keys()]).toEqual([
    ...["server", "server_authorization", "authorization_policy"],
    ...["meshtls_authentication", "network_authentication", "http_route"],
  ]);
});
