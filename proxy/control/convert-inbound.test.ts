import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { HeaderList } from "#lib/http/headers.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { InboundCounts } from "../inbound/counts.ts";
import { findRoute } from "../policy/route-match.ts";
import type { InboundRule, ServerPolicy } from "../policy/server-policy.ts";
import { inboundFamilies } from "../telemetry/inbound-families.ts";
import { fromSocketAddr } from "./convert.ts";
import { toServerPolicy } from "./convert-inbound.ts";

const WEB = { ip: "10.1.2.3", port: 80 };
const second = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 500_000_000 });

const net = {
  net: { ip: fromSocketAddr(WEB).ip, prefixLen: 24 },
  except: [{ ip: fromSocketAddr(WEB).ip, prefixLen: 32 }],
};
const anyone = { permit: { case: "unauthenticated" as const, value: {} } };
type ServerInit = Parameters<typeof create<typeof ServerSchema>>[1];

test("toServerPolicy() reads protocols, networks and who is permitted", () => {
  const tls = (clients: object) => ({ permit: { case: "meshTLS", value: { clients } } });
  const server = (over: object): ReturnType<typeof toServerPolicy> =>
    toServerPolicy(
      create(ServerSchema, {
        protocol: { kind: { case: "opaque", value: {} } },
        labels: { name: "web" },
        ...over,
      } as ServerInit),
    );
  const policy = server({
    authorizations: [
      { networks: [net], authentication: anyone, labels: { name: "old" } },
      {
        networks: [net],
        authentication: tls({ case: "unauthenticated", value: {} }),
        metadata: { kind: { case: "default", value: "audit" } },
      },
      {
        networks: [net],
        authentication: tls({
          case: "identities",
          value: { identities: [{ name: "a.b" }], suffixes: [{ parts: ["b", "c"] }] },
        }),
      },
    ],
  });
  expect(policy.labels).toEqual({ group: "policy.linkerd.io", kind: "server", name: "web" });
  expect(
    policy.authorizations
      .slice(1)
      .map(({ authentication, labels }) => [authentication.type, labels.kind, labels.name]),
  ).toEqual([
    ["unauthenticated", "serverauthorization", "old"],
    ["tls-unauthenticated", "default", "audit"],
    ["identities", "serverauthorization", ""],
  ]);
  const [network] = policy.authorizations[1]?.networks ?? [];
  expect([network?.net.contains("10.1.2.9"), network?.except[0]?.contains("10.1.2.3")]).toEqual([
    true,
    true,
  ]);
  expect(
    server({ protocol: { kind: { case: "detect", value: { timeout: second(1) } } } }).protocol,
  ).toEqual({ type: "detect", timeoutMs: 1500 });
});

const detect = (value: object = {}) => ({
  kind: { case: "detect", value: { timeout: second(1), ...value } },
});
const route = (over: object) => ({ httpRoutes: [{ rules: [{}], ...over }] });
const rule = (over: object) => route({ rules: [over] });

test.each([
  ["no protocol", { protocol: {} }],
  ["no time for detection", { protocol: { kind: { case: "detect", value: {} } } }],
  ["no name", { labels: {} }],
  ["no network", { authorizations: [{ authentication: anyone }] }],
  ["an empty network", { authorizations: [{ networks: [{}], authentication: anyone }] }],
  [
    "an exception that cannot be read",
    { authorizations: [{ networks: [{ ...net, except: [{}] }], authentication: anyone }] },
  ],
  ["no authentication", { authorizations: [{ networks: [net] }] }],
  [
    "a suffix with an empty part",
    {
      authorizations: [
        {
          networks: [net],
          authentication: {
            permit: {
              case: "meshTLS" as const,
              value: {
                clients: {
                  case: "identities" as const,
                  value: { identities: [], suffixes: [{ parts: [""] }] },
                },
              },
            },
          },
        },
      ],
    },
  ],
  [
    "mesh TLS without clients",
    {
      authorizations: [
        { networks: [net], authentication: { permit: { case: "meshTLS", value: {} } } },
      ],
    },
  ],
  [
    "an authorization of a route that allows nobody in particular",
    { protocol: detect(route({ authorizations: [{ networks: [net] }] })) },
  ],
  ["a host of a kind that is not known", { protocol: detect(route({ hosts: [{}] })) }],
  ["a path of a kind that is not known", { protocol: detect(rule({ matches: [{ path: {} }] })) }],
  [
    "a filter that says nothing that can be done",
    {
      protocol: detect(
        rule({ filters: [{ kind: { case: "failureInjector", value: { status: 7 } } }] }),
      ),
    },
  ],
])("toServerPolicy() lets nobody in, by a server with %s", (_, over) => {
  const valid = { protocol: { kind: { case: "tls", value: {} } }, labels: { name: "web" } };
  const policy = toServerPolicy(create(ServerSchema, { ...valid, ...over } as ServerInit));
  expect(policy).toMatchObject({
    authorizations: [],
    labels: { kind: "default", name: "invalid" },
  });
  expect(ruleOf(policy, "/")?.authorizations).toEqual([]);
});

test("MET20: two ports whose servers cannot be read are counted apart", () => {
  const registry = new Registry();
  const counts = new InboundCounts(inboundFamilies(registry), false);
  for (const port of [1, 2])
    counts.detections(toServerPolicy(create(ServerSchema)), port).count("http/1", 0);
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  expect(text.match(/results_total{result="http\/1",.*srv_port="\d"} \d/g)).toHaveLength(2);
});

const ruleOf = (policy: ServerPolicy, path: string, method = "GET"): InboundRule | undefined =>
  findRoute(policy.routes, {
    method,
    path,
    authority: "web",
    protocol: "",
    headers: new HeaderList(),
  })?.target;

const read = (kind: object): ServerPolicy =>
  toServerPolicy(
    create(ServerSchema, {
      labels: { name: "web" },
      protocol: { kind },
      authorizations: [{ networks: [net], authentication: anyone, labels: { name: "all" } }],
    } as ServerInit),
  );
const exact = (value: string) => ({ path: { kind: { case: "exact", value } } });
const resource = (name: string) => ({
  kind: { case: "resource", value: { group: "policy.linkerd.io", kind: "HTTPRoute", name } },
});

test("INB10: rules have their route's authorizations and the server's, of every kind of server", () => {
  const admins = { networks: [net], authentication: anyone, labels: { name: "admins" } };
  const routes = [
    {
      metadata: resource("admin"),
      authorizations: [admins],
      rules: [{ matches: [exact("/a")] }, { matches: [exact("/b")] }],
    },
    { metadata: resource("rest"), rules: [{ matches: [exact("/c")] }] },
  ];
  for (const kind of [
    { case: "detect", value: { timeout: second(1), httpRoutes: routes } },
    { case: "http1", value: { routes } },
    { case: "http2", value: { routes } },
  ]) {
    const policy = read(kind);
    const seen = ["/a", "/b", "/c", "/d"].map((path) => {
      const found = ruleOf(policy, path);
      return (
        found && [
          found.index,
          found.labels.name,
          ...found.authorizations.map(({ labels }) => labels.name),
        ]
      );
    });
    expect(seen).toEqual([
      [0, "admin", "admins", "localhost", "all"],
      [1, "admin", "admins", "localhost", "all"],
      [2, "rest", "localhost", "all"],
      undefined,
    ]);
  }
  const calls = read({
    case: "grpc",
    value: {
      routes: [
        {
          metadata: resource("api"),
          rules: [{ matches: [{ rpc: { service: "a.B", method: "" } }] }],
        },
      ],
    },
  });
  expect(ruleOf(calls, "/a.B/C", "POST")?.labels.name).toBe("api");
  expect(ruleOf(calls, "/a.C/C", "POST")).toBeUndefined();
  expect(ruleOf(read({ case: "http2", value: {} }), "/")?.labels.name).toBe("default");
});

test("ERR16: a filter of a kind that is not known refuses its rule's requests, and leaves the others alone", () => {
  const policy = read({
    case: "http1",
    value: {
      routes: [
        {
          metadata: resource("r"),
          rules: [{ matches: [exact("/a")], filters: [{}] }, { matches: [exact("/b")] }],
        },
      ],
    },
  });
  expect(ruleOf(policy, "/a")).toMatchObject({ fault: "unknown filter", filters: [] });
  expect(ruleOf(policy, "/b")?.fault).toBeUndefined();
});

test("INB11: limits are read with their overrides; what is not said limits nothing", () => {
  const localRateLimit = {
    metadata: resource("limit"),
    identity: { requestsPerSecond: 5 },
    overrides: [
      { limit: { requestsPerSecond: 7 }, clients: { identities: [{ name: "a" }, { name: "b" }] } },
      {},
    ],
  };
  for (const [kind, value] of [
    ["http1", { localRateLimit }],
    ["http2", { localRateLimit }],
    ["detect", { timeout: second(1), httpLocalRateLimit: localRateLimit }],
  ] as const)
    expect(read({ case: kind, value }).rateLimit).toEqual({
      labels: { group: "policy.linkerd.io", kind: "HTTPRoute", name: "limit" },
      total: 0,
      identity: 5,
      overrides: [
        { limit: 7, clients: ["a", "b"] },
        { limit: 0, clients: [] },
      ],
    });
  expect(read({ case: "grpc", value: {} }).rateLimit).toBeUndefined();
});

test("P46: toServerPolicy() takes a network of IPv6 that is one of IPv4 for what it is, and refuses what is none", () => {
  const mapped = (prefixLen: number) =>
    toServerPolicy(
      create(ServerSchema, {
        protocol: { kind: { case: "opaque", value: {} } },
        labels: { name: "web" },
        authorizations: [
          {
            networks: [
              {
                net: {
                  ip: { ip: { case: "ipv6", value: { first: 0n, last: 0xffff_0a00_0000n } } },
                  prefixLen,
                },
              },
            ],
            authentication: anyone,
          },
        ],
      } as ServerInit),
    );
  const [network] = mapped(104).authorizations[1]?.networks ?? [];
  expect([network?.net.contains("10.9.9.9"), network?.net.contains("11.0.0.1")]).toEqual([
    true,
    false,
  ]);
  expect(mapped(24).labels["name"]).toBe("invalid");
});
