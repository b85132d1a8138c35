import { expect, test } from "bun:test";
import type { OutboundPolicy } from "#lib/api/gen/proxy/outbound_pb.ts";
import { backendsOf, httpOf, ruleOf } from "../../test/fake/outbound-answer.ts";
import { backend, OutboundWorld, toAddress } from "../../test/fake/outbound-world.ts";

const BREAKER = "balancer.linkerd.io/failure-accrual";

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

test.each(["Allow", "Deny"])(
  "OUT10, INB12: an EgressNetwork that is not accepted has its default, %s, without routes",
  (trafficPolicy) => {
    const { world, newest, parentRefs } = goesOutside(trafficPolicy);
    const other = world.watch("other", toAddress("1.1.1.1", 443));
    for (const kind of ["grpcRoutes", "httpRoutes", "tcpRoutes"] as const)
      world.put(kind, "r", { parentRefs, rules: [{}] });
    const network = (cidr: string) =>
      world.put("egressNetworks", "all", { trafficPolicy, networks: [{ cidr }] });
    const kinds = () => newest().protocol?.kind.case;
    expect(kinds()).toBe("grpc");
    network("0.0.0.0/0");
    expect([kinds(), nameOf(newest())]).toEqual(["detect", "all"]);
    expect(httpOf(newest()).map(nameOf)).toEqual([`http-egress-${trafficPolicy.toLowerCase()}`]);
    world.put("httpRoutes", "r", { parentRefs, rules: [{}, {}] });
    expect(httpOf(newest())).toHaveLength(1);
    const late = world.watch("late", toAddress("1.1.1.1", 443));
    for (const { newest: each } of [other, late])
      expect(each().metadata?.kind.value).toBe("egress-fallback");
    network("1.0.0.0/8");
    expect(kinds()).toBe("grpc");
  },
);

test("OUT10, INB12: an EgressNetwork that cannot be read has no routes; one with an odd annotation has", () => {
  const { world, newest, parentRefs } = goesOutside("Perhaps");
  world.put("httpRoutes", "r", { parentRefs, rules: [{}] });
  expect(httpOf(newest()).map(nameOf)).toEqual(["http-egress-deny"]);
  const annotations = { "retry.linkerd.io/limit": "x" };
  world.put("egressNetworks", "all", { trafficPolicy: "Deny" }, { annotations });
  expect(httpOf(newest()).map(nameOf)).toEqual(["r", "http-egress-deny"]);
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
