import { expect, test } from "bun:test";
import { OutboundWorld, parentService } from "../../test/fake/outbound-world.ts";
import { OutboundRoutes, type RouteTurn } from "./outbound-routes.ts";

function setUp() {
  const world = new OutboundWorld();
  const turns: string[] = [];
  const faults: string[] = [];
  const name = (each: RouteTurn["before"]) => each?.route.name ?? "-";
  const routes = new OutboundRoutes(world.routes, {
    onFault: ({ object, fault }) => faults.push(`${object}: ${fault}`),
    onRoute: ({ before, after }) => turns.push(`${name(before)} ${name(after)}`),
  });
  const of = (key: Parameters<typeof routes.of>[0]) =>
    routes.of(key).map(({ route }) => route.name);
  return { world, routes, turns, faults, of };
}
const EGRESS = { group: "policy.linkerd.io", kind: "EgressNetwork", name: "all" };

test("OUT1, OUT10: routes are found by what they are attached to", () => {
  const { world, routes, turns, of } = setUp();
  world.put("httpRoutes", "r", { parentRefs: [parentService(), EGRESS] });
  world.put("tlsRoutes", "t", { parentRefs: [parentService("web", { port: 1 }), parentService()] });
  expect(of("Service/shop/web")).toEqual(["r", "t"]);
  expect(of("EgressNetwork/shop/all")).toEqual(["r"]);
  world.put("httpRoutes", "r", { parentRefs: [{ ...EGRESS, namespace: "other" }] });
  expect(of("Service/shop/web")).toEqual(["t"]);
  expect(of("EgressNetwork/other/all")).toEqual(["r"]);
  world.put("httpRoutes", "r", { parentRefs: [{ ...EGRESS, kind: "Server" }] });
  world.put("httpRoutes", "inbound", { parentRefs: [{ ...EGRESS, kind: "Server" }] });
  expect(of("EgressNetwork/other/all")).toEqual([]);
  world.drop("tlsRoutes", "t");
  expect(of("Service/shop/web")).toEqual([]);
  expect(turns).toEqual(["- r", "- t", "r r", "r -", "t -"]);
  routes.stop();
  world.put("tlsRoutes", "t", { parentRefs: [parentService()] });
  expect(turns).toHaveLength(5);
});

test("what is told of routes of requests elsewhere is not told again", () => {
  const { world, faults } = setUp();
  world.put("httpRoutes", "r", { parentRefs: [parentService()], rules: [{ x: 1 }] });
  world.put("tlsRoutes", "t", { parentRefs: [parentService()], rules: [{ x: 1 }] });
  expect(faults).toEqual(["shop/t: spec.rules[0].x is not known"]);
});
