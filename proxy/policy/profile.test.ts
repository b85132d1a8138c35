import { expect, test } from "bun:test";
import type { ClientPolicy, ClientProtocol } from "./client-policy.ts";
import { defaultMetadata, fallbackPolicy } from "./default-policy.ts";
import { isEffective, type Profile, profilePolicy } from "./profile.ts";

const budget = { ratio: 0.2, minPerSecond: 10, ttlMs: 10_000 };
const failures = { statuses: [{ first: 500, last: 599 }], codes: [14] };
const profile = (over: Partial<Profile> = {}): Profile => ({
  name: "web.shop.svc.cluster.local",
  endpoint: undefined,
  opaque: false,
  routes: [
    {
      condition: { type: "method", method: "GET" },
      timeoutMs: 300,
      failures,
      retryable: true,
      labels: { route: "read" },
    },
  ],
  budget,
  overrides: [],
  ...over,
});
const metadata = defaultMetadata("svc");
const policyOf = (protocol: ClientProtocol): ClientPolicy => ({ metadata, protocol });
const httpQueue = { queueCapacity: 11, failfastMs: 12 };
const tcpQueue = { queueCapacity: 13, failfastMs: 14 };
const made = (over: Partial<Profile> = {}, policy?: ClientPolicy): ClientProtocol =>
  profilePolicy(
    profile(over),
    policy ?? fallbackPolicy({ ip: "10.0.0.1", port: 80 }, { timeoutMs: 9, queue: tcpQueue }),
    { port: 80, timeoutMs: 7, httpQueue, tcpQueue },
  ).protocol;

test("P23: a profile holds in place of routes where it has some, or leads elsewhere", () => {
  const overrides = [{ authority: "a:1", weight: 1 }];
  expect(isEffective(profile())).toBe(true);
  expect(isEffective(profile({ routes: [], overrides }))).toBe(true);
  expect(isEffective(profile({ routes: [] }))).toBe(false);
  expect(isEffective(profile({ name: "" }))).toBe(false);
});

test("P34, P35: a profile's routes have their condition, time and retries; what is left over has none", () => {
  const protocol = made();
  if (protocol.type !== "detect") throw new Error(protocol.type);
  const [read, rest] = protocol.http1[0]?.rules ?? [];
  expect(read).toMatchObject({
    matches: [{ type: "condition", condition: { method: "GET" } }],
    timeouts: { profileMs: 300, requestMs: undefined },
    retry: {
      ...failures,
      limit: Number.POSITIVE_INFINITY,
      maxRequestBytes: 65_536,
      profile: {
        budget,
        labels: { dst: "web.shop.svc.cluster.local:80", rt_route: "read" },
      },
    },
    profile: { labels: { dst: "web.shop.svc.cluster.local:80", rt_route: "read" }, failures },
    allowsHeaders: false,
    accrual: undefined,
  });
  expect(rest).toMatchObject({
    ...{ matches: [], retry: undefined, timeouts: { profileMs: undefined } },
    profile: { labels: { dst: "web.shop.svc.cluster.local:80" }, failures: undefined },
  });
  expect(rest?.distribution.choices).toMatchObject([
    {
      weight: 1,
      backend: {
        target: { type: "balancer", path: "web.shop.svc.cluster.local:80" },
        queueCapacity: 11,
        failfastMs: 12,
      },
    },
  ]);
});

test("P34: without a budget, or where a route does not say so, nothing is tried again", () => {
  const retryOf = (over: Partial<Profile>) => {
    const protocol = made(over);
    return protocol.type === "detect" && protocol.http2[0]?.rules[0]?.retry;
  };
  expect(retryOf({ budget: undefined })).toBeUndefined();
  const [route] = profile().routes;
  expect(retryOf({ routes: route ? [{ ...route, retryable: false }] : [] })).toBeUndefined();
});

test("P23: a profile leads elsewhere by weight, opaque bytes too", () => {
  const overrides = [
    { authority: "a.shop:80", weight: 1 },
    { authority: "b.shop:80", weight: 3 },
  ];
  const protocol = made({ overrides });
  if (protocol.type !== "detect") throw new Error(protocol.type);
  for (const choices of [
    protocol.http1[0]?.rules.at(-1)?.distribution.choices,
    protocol.opaque[0]?.distribution.choices,
  ])
    expect(choices).toMatchObject([
      { weight: 1, backend: { target: { path: "a.shop:80" } } },
      { weight: 3, backend: { target: { path: "b.shop:80" } } },
    ]);
});

test.each([
  ["http1", "http1"],
  ["http2", "http2"],
  ["grpc", "grpc"],
  ["opaque", "opaque"],
  ["tls", "tls"],
] as const)("P23: what policy speaks %s is spoken %s under a profile", (given, spoken) => {
  expect(made({}, policyOf({ type: given, routes: [] })).type).toBe(spoken);
});

test("P23: a profile can make everything opaque, and decides where policy cannot be read", () => {
  expect(made({ opaque: true }).type).toBe("opaque");
  expect(made({}, policyOf({ type: "invalid", message: "x" }))).toMatchObject({
    type: "detect",
    timeoutMs: 7,
  });
  expect(made()).toMatchObject({ timeoutMs: 9 });
});

test("a profile's requests and its opaque bytes wait as the environment says of each", () => {
  const protocol = made();
  if (protocol.type !== "detect") throw new Error(protocol.type);
  const { http1, opaque } = protocol;
  expect(http1[0]?.rules.at(-1)?.distribution.choices[0]?.backend).toMatchObject(httpQueue);
  expect(opaque[0]?.distribution.choices[0]?.backend).toMatchObject(tcpQueue);
});
