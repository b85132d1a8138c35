import { expect, test } from "bun:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ObserveRequest_MatchSchema } from "#lib/api/gen/proxy/tap_pb.ts";
import { HeaderList } from "#lib/http/headers.ts";
import { type TapSubject, toTapTest } from "./tap-match.ts";
import { toTcpAddress } from "./tap-values.ts";

type Match = MessageInitShape<typeof ObserveRequest_MatchSchema>["match"];

const SUBJECT: TapSubject = {
  direction: "outbound",
  request: {
    ...{ method: "GET", scheme: "", authority: "web.shop:80", path: "/cart?id=1" },
    ...{ version: "HTTP/1.1", protocol: "", headers: new HeaderList() },
  },
  source: { ip: "10.0.0.1", port: 40_000 },
  destination: { ip: "fd00::5", port: 8080 },
  sourceTls: {},
  destinationTls: { tls: "true" },
  destinationLabels: { pod: "web-1" },
  routeLabels: { route: "cart" },
};
const test_ = (match: Match, subject = SUBJECT): boolean =>
  toTapTest(create(ObserveRequest_MatchSchema, { match: match as never }))(subject);
const net = (ip: string, mask: number) => ({
  case: "netmask" as const,
  value: { ip: toTcpAddress({ ip, port: 0 }).ip, mask },
});
const ports = (min: number, max: number) => ({ case: "ports" as const, value: { min, max } });
const from = (match: object): Match => ({ case: "source", value: { match } }) as Match;
const to = (match: object): Match => ({ case: "destination", value: { match } }) as Match;
const http = (match: object): Match => ({ case: "http", value: { match } }) as Match;
const text = (kind: "exact" | "prefix", value: string) => ({ match: { case: kind, value } });
const method = (type: object) => ({ case: "method", value: { type } });
const scheme = (type: object) => ({ case: "scheme", value: { type } });
const label = (which: "destinationLabel" | "routeLabel", key: string, value: string): Match =>
  ({ case: which, value: { key, value } }) as Match;
const several = (which: "all" | "any", ...of: readonly Match[]): Match =>
  ({ case: which, value: { matches: of.map((match) => ({ match })) } }) as Match;
const not = (match: Match): Match => ({ case: "not", value: { match } }) as Match;

const YES = http({ case: "path", value: text("exact", "/cart") });
const NO = http({ case: "path", value: text("exact", "/other") });

test.each([
  ["source network", from(net("10.0.0.0", 8)), true],
  ["source network of the other family", from(net("fd00::", 8)), false],
  ["destination network", to(net("fd00::", 16)), true],
  ["ports from and to", to(ports(8000, 9000)), true],
  ["ports beside", to(ports(1, 8079)), false],
  ["one port by its least", from(ports(40_000, 0)), true],
  ["one port by its most", from(ports(0, 39_999)), false],
  ["path without its query", YES, true],
  ["start of the path", http({ case: "path", value: text("prefix", "/ca") }), true],
  ["authority", http({ case: "authority", value: text("exact", "web.shop:80") }), true],
  ["start of the authority", http({ case: "authority", value: text("prefix", "api") }), false],
  ["method by number", http(method({ case: "registered", value: 0 })), true],
  ["method by name", http(method({ case: "unregistered", value: "PURGE" })), false],
  ["scheme that is not said", http(scheme({ case: "registered", value: 0 })), true],
  ["scheme by name", http(scheme({ case: "unregistered", value: "https" })), false],
  ["label of the endpoint", label("destinationLabel", "pod", "web-1"), true],
  ["TLS, which is no label of it", label("destinationLabel", "tls", "true"), false],
  ["label of the route", label("routeLabel", "route", "cart"), true],
  ["all", several("all", YES, NO), false],
  ["all of nothing", several("all"), true],
  ["any", several("any", NO, YES), true],
  ["any of nothing", several("any"), false],
  ["not", not(NO), true],
] as const)("P55: a match by %s", (_, match, taken) => {
  expect(test_(match as Match)).toBe(taken);
});

test("P55: what is not known is not matched", () => {
  const subject = { ...SUBJECT, source: undefined, routeLabels: undefined };
  expect(test_(from(net("0.0.0.0", 1)), subject)).toBe(false);
  expect(test_(label("routeLabel", "route", "cart"), subject)).toBe(false);
});

test.each([
  ["nothing", { case: undefined }, "missing required field"],
  ["an address without anything", from({ case: undefined }), "missing required field"],
  ["a network of no bits", from(net("10.0.0.0", 0)), "missing required field"],
  ["a network of too many bits", from(net("10.0.0.0", 33)), "invalid network address"],
  ["no port", to(ports(0, 0)), "missing required field"],
  ["ports the wrong way round", to(ports(9, 8)), "invalid port number"],
  ["a port that is none", to(ports(1, 65_536)), "invalid port number"],
  ["a label without a value", label("routeLabel", "a", ""), "missing required field"],
  [
    "a method that is none",
    http(method({ case: "unregistered", value: "A B" })),
    "invalid http method",
  ],
  [
    "a method without a number",
    http(method({ case: "registered", value: 9 })),
    "invalid http method",
  ],
  [
    "a scheme without a number",
    http(scheme({ case: "registered", value: 2 })),
    "invalid request scheme",
  ],
  ["a path without a text", http({ case: "path", value: {} }), "missing required field"],
  ["not nothing", not({ case: undefined }), "missing required field"],
])("P55: a match by %s is refused", (_, match, why) => {
  expect(() => test_(match as Match)).toThrow(why);
});

test("P55: matches may not be deeper than 32", () => {
  let deep: Match = YES;
  for (let i = 0; i < 32; i++) deep = not(deep);
  expect(test_(deep)).toBe(true);
  expect(() => test_(not(deep))).toThrow("too deep");
});
