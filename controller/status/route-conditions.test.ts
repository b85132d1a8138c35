import { expect, test } from "bun:test";
import type { BackendRef, ParentRef } from "../core/route.ts";
import type { Spoken } from "../core/spoken.ts";
import {
  type RouteSurroundings,
  type RouteView,
  type RuleView,
  routeStatus,
} from "./route-conditions.ts";

const parent = (kind: string, name: string, over: Partial<ParentRef> = {}): ParentRef => ({
  group: kind === "Service" ? "core" : "policy.linkerd.io",
  ...{ kind, name, namespace: "shop", port: undefined, section: undefined },
  ...over,
});
const backend = (name: string, over: Partial<BackendRef> = {}): RuleView["backends"][number] => ({
  ...{ group: "", kind: "Service", name, namespace: "shop", port: 80, fault: undefined },
  ...over,
});
const rule = (over: Partial<RuleView> = {}): RuleView => ({
  ...{ fault: undefined, changesResponses: false, backends: [] },
  ...over,
});
const route = (over: Partial<RouteView> = {}): RouteView => ({
  ...{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "r", namespace: "shop" },
  ...{ parents: [parent("Service", "web")], rules: [rule()] },
  ...over,
});

const port = (number: number, spoken: Spoken, name?: string) => ({ port: number, name, spoken });

/** Services web with two ports, spoken with four, headless and external, a Server, and EgressNetworks; and other routes. */
const around = (...others: RouteView[]): RouteSurroundings => ({
  service: ({ namespace, name }) => {
    const plain = [port(80, "any", "http"), port(81, "any")];
    const spoken = [port(80, "any"), port(81, "http1"), port(82, "http2"), port(83, "opaque")];
    const ports = name === "spoken" ? spoken : plain;
    const facts = { hasAddress: name !== "headless", external: name === "external", ports };
    return namespace === "shop" && name !== "missing" ? facts : undefined;
  },
  hasServer: ({ name }) => name === "server",
  egressNetwork: ({ name }) =>
    name === "missing"
      ? undefined
      : { accepted: name !== "not-accepted", opaque: [{ from: 25, to: 25 }] },
  routesOf: () => others,
});

/** `Accepted=True Accepted; ResolvedRefs=False BackendNotFound`, of each parent. */
const said = (of: Partial<RouteView>, ...others: RouteView[]): readonly string[] =>
  routeStatus(route(of), around(...others)).map(({ conditions }) =>
    conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`).join("; "),
  );
const messages = (of: Partial<RouteView>): readonly string[] =>
  routeStatus(route(of), around()).flatMap(({ conditions }) =>
    conditions.flatMap(({ message }) => (message === "" ? [] : [message])),
  );

const ACCEPTED = "Accepted=True Accepted";
const RESOLVED = "ResolvedRefs=True ResolvedRefs";
const NO_PARENT = "Accepted=False NoMatchingParent";
const CONFLICTED = "Accepted=False RouteReasonConflicted";

const HOLDS = `${ACCEPTED}; ${RESOLVED}`;
const NOWHERE = `${NO_PARENT}; ${RESOLVED}`;
const NEEDS_ADDRESS = "parent service must have a ClusterIP";

test.each<[what: string, parent: ParentRef, expected: string, message: string]>([
  ["a Service", parent("Service", "web"), HOLDS, ""],
  ["its port", parent("Service", "web", { port: 81 }), HOLDS, ""],
  ["a named port", parent("Service", "web", { section: "http" }), HOLDS, ""],
  [
    "no such port",
    parent("Service", "web", { port: 82 }),
    NOWHERE,
    "parent service has no port 82",
  ],
  ["no such Service", parent("Service", "missing"), NOWHERE, ""],
  ["a headless Service", parent("Service", "headless"), NOWHERE, NEEDS_ADDRESS],
  ["an ExternalName", parent("Service", "external"), NOWHERE, NEEDS_ADDRESS],
  ["a Server", parent("Server", "server"), ACCEPTED, ""],
  ["no such Server", parent("Server", "missing"), NO_PARENT, ""],
  [
    "a Server elsewhere",
    parent("Server", "server", { namespace: "other" }),
    NO_PARENT,
    "a Server takes routes of its own namespace",
  ],
  [
    "a port of a Server",
    parent("Server", "server", { port: 80 }),
    NO_PARENT,
    "a Server has neither ports nor sections",
  ],
  ["an EgressNetwork", parent("EgressNetwork", "net", { port: 80 }), HOLDS, ""],
  ["no such EgressNetwork", parent("EgressNetwork", "missing"), NOWHERE, ""],
  [
    "one not accepted",
    parent("EgressNetwork", "not-accepted"),
    NOWHERE,
    "EgressNetwork parent has not been accepted",
  ],
  [
    "a section of one",
    parent("EgressNetwork", "net", { section: "http" }),
    NOWHERE,
    "an EgressNetwork has no sections",
  ],
])("INB12, S16: a route of %s", (_, to, expected, message) => {
  expect(said({ parents: [to] })).toEqual([expected]);
  expect(messages({ parents: [to] })).toEqual(message === "" ? [] : [message]);
});

test("INB12: one status a parent, none for parents that are others'", () => {
  const gateway = parent("Gateway", "front", { group: "gateway.networking.k8s.io" });
  const parents = [gateway, parent("Service", "web"), parent("Service", "web")];
  expect(said({ parents })).toEqual([`${ACCEPTED}; ${RESOLVED}`]);
  expect(said({ parents: [gateway] })).toEqual([]);
  expect(said({ parents: [parent("Server", "server"), parent("Server", "missing")] })).toEqual([
    ACCEPTED,
    NO_PARENT,
  ]);
});

const KINDS = ["GRPCRoute", "HTTPRoute", "TLSRoute", "TCPRoute"] as const;
const PAIRS = KINDS.flatMap((mine, strength) =>
  KINDS.map((other, otherStrength) => [mine, other, otherStrength < strength] as const),
);

test.each(PAIRS)("OUT3, INB12: %s beside a %s loses: %p", (mine, kind, loses) => {
  const expected = [`${loses ? CONFLICTED : ACCEPTED}; ${RESOLVED}`];
  const egress = [parent("EgressNetwork", "net", { port: 80 })];
  expect(said({ kind: mine }, route({ kind }))).toEqual(expected);
  expect(said({ kind: mine, parents: egress }, route({ kind, parents: egress }))).toEqual(expected);
});

const at = (port?: number): readonly ParentRef[] => [parent("Service", "web", { port })];
const atNet = (port?: number): readonly ParentRef[] => [parent("EgressNetwork", "net", { port })];

test.each<[mine: readonly ParentRef[], others: (readonly ParentRef[])[], loses: boolean]>([
  [at(), [at(80)], false],
  [at(), [at(80), at(81)], true],
  [at(80), [at()], true],
  [at(80), [at(81)], false],
  [[parent("Service", "web", { section: "http" })], [at(80)], true],
  [at(), [[parent("Service", "other")]], false],
  [at(), [[parent("Server", "web")]], false],
  [atNet(80), [atNet()], true],
  [atNet(), [atNet(80)], false],
  [[parent("Server", "server")], [[parent("Server", "server")]], true],
])(
  "OUT3, INB12: a route loses where a stronger kind has all of its ports: %j",
  (parents, others, loses) => {
    const stronger = others.map((each) => route({ kind: "GRPCRoute", parents: each }));
    const [first] = said({ parents }, ...stronger);
    expect(first?.split(";")[0]).toBe(loses ? CONFLICTED : ACCEPTED);
  },
);

test.each<[port: number | undefined, kinds: readonly RouteView["kind"][]]>([
  [80, ["GRPCRoute"]],
  [81, ["HTTPRoute"]],
  [82, ["GRPCRoute"]],
  [83, ["TCPRoute"]],
  // Each of them holds on some port.
  [undefined, ["GRPCRoute", "HTTPRoute", "TCPRoute"]],
])("OUT2, OUT3, INB12: of all kinds on port %p those hold that it lets: %j", (number, kinds) => {
  const parents = [parent("Service", "spoken", { port: number })];
  const all = KINDS.map((kind) => route({ kind, parents }));
  const accepted = KINDS.filter((kind) => said({ kind, parents }, ...all)[0]?.startsWith(ACCEPTED));
  expect(accepted).toEqual([...kinds]);
});

test("OUT2, INB12: a TCPRoute holds on an opaque port of an EgressNetwork, whatever is beside it", () => {
  const said25 = (kind: RouteView["kind"], beside: RouteView["kind"]) =>
    said({ kind, parents: atNet(25) }, route({ kind: beside, parents: atNet() }))[0];
  expect(said25("TCPRoute", "HTTPRoute")).toBe(HOLDS);
  expect(said25("HTTPRoute", "TCPRoute")).toStartWith(CONFLICTED);
});

test("OUT4, INB12: a stronger kind of another namespace takes nothing from a route", () => {
  const other = route({ kind: "GRPCRoute", namespace: "client" });
  expect(said({}, other)).toEqual([`${ACCEPTED}; ${RESOLVED}`]);
});

const NOT_FOUND = "ResolvedRefs=False BackendNotFound";
const INVALID_KIND = "ResolvedRefs=False InvalidKind";
const egressBackend = backend("net", { group: "policy.linkerd.io", kind: "EgressNetwork" });

const WEB = parent("Service", "web");
const NET = parent("EgressNetwork", "net");

test.each<[RuleView["backends"], to: ParentRef, expected: string, message: string]>([
  [[backend("a"), backend("b", { group: "core" })], WEB, RESOLVED, ""],
  [[backend("headless")], WEB, RESOLVED, ""],
  [[backend("a"), backend("missing")], WEB, NOT_FOUND, "Service shop/missing is not there"],
  [[backend("external")], WEB, NOT_FOUND, "Service shop/external is an ExternalName"],
  [[backend("a", { port: undefined })], WEB, NOT_FOUND, "no port of Service shop/a"],
  [[backend("x", { kind: "Pod" })], WEB, INVALID_KIND, "core Pod x is no backend"],
  [[egressBackend], NET, RESOLVED, ""],
  [
    [egressBackend],
    WEB,
    INVALID_KIND,
    "EgressNetwork backend needs to be on a route that has an EgressNetwork parent",
  ],
  [
    [{ ...egressBackend, name: "missing" }],
    NET,
    NOT_FOUND,
    "EgressNetwork shop/missing is not there",
  ],
])("INB12: backends %j to %j are resolved or not", (backends, to, expected, message) => {
  const of = { parents: [to], rules: [rule({ backends })] };
  expect(said(of)).toEqual([`${ACCEPTED}; ${expected}`]);
  expect(messages(of)).toEqual(message === "" ? [] : [message]);
});

const bad = rule({ fault: "spec.rules[0].filters[0].type is not known: Odd" });
const half = rule({
  backends: [backend("a"), backend("b", { fault: "backendRef.x is not known" })],
});
const none = rule({ backends: [backend("b", { fault: "backendRef.x is not known" })] });
const UNSUPPORTED = "Accepted=False UnsupportedValue";
const PARTLY = "PartiallyInvalid=True UnsupportedValue";

test.each<[rules: readonly RuleView[], expected: string, message: string]>([
  [[bad, rule()], `${ACCEPTED}; ${RESOLVED}; ${PARTLY}`, `Dropped Rule: ${bad.fault}`],
  [
    [half],
    `${ACCEPTED}; ${RESOLVED}; ${PARTLY}`,
    "Dropped Rule: spec.rules[0]: backendRef.x is not known",
  ],
  [[bad], `${UNSUPPORTED}; ${RESOLVED}`, `${bad.fault}`],
  [[none], `${UNSUPPORTED}; ${RESOLVED}`, "spec.rules[0]: backendRef.x is not known"],
  [
    [bad, none],
    `${UNSUPPORTED}; ${RESOLVED}`,
    `${bad.fault}; spec.rules[1]: backendRef.x is not known`,
  ],
])(
  "S15: rules that are dropped are named, and a route none of whose rules holds is not accepted",
  (rules, expected, message) => {
    expect(said({ rules })).toEqual([expected]);
    expect(messages({ rules })).toEqual([message]);
  },
);

test("INB12: a Server's route cannot change responses, and its backends mean nothing", () => {
  const parents = [parent("Server", "server")];
  const changing = rule({ changesResponses: true });
  expect(said({ parents, rules: [changing] })).toEqual([UNSUPPORTED]);
  expect(said({ parents, rules: [changing, none] })).toEqual([`${ACCEPTED}; ${PARTLY}`]);
});

test("INB12: routes of streams have one rule, and no Server", () => {
  for (const kind of ["TLSRoute", "TCPRoute"] as const) {
    expect(said({ kind, rules: [rule(), rule()] })).toEqual([`${UNSUPPORTED}; ${RESOLVED}`]);
    expect(messages({ kind, rules: [] })).toEqual([`${kind} must have one rule`]);
    expect(messages({ kind, parents: [parent("Server", "server")] })).toEqual([
      `a Server takes no ${kind}`,
    ]);
  }
  expect(said({ rules: [] })).toEqual([`${ACCEPTED}; ${RESOLVED}`]);
});
