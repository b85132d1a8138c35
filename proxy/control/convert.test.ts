import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { UpdateSchema, WeightedAddrSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { MetadataSchema } from "#lib/api/gen/proxy/meta_pb.ts";
import { IPAddressSchema } from "#lib/api/gen/proxy/net_pb.ts";
import {
  fromSocketAddr,
  toEndpoint,
  toEndpointUpdate,
  toIp,
  toMetadata,
  toMs,
  toSocketAddr,
} from "./convert.ts";
import { toServerPolicy } from "./convert-inbound.ts";

const WEB = { ip: "10.1.2.3", port: 80 };
const second = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 500_000_000 });

test("toSocketAddr() and fromSocketAddr() are inverse in both families", () => {
  for (const addr of [WEB, { ip: "fd00::1", port: 4143 }])
    expect(toSocketAddr(fromSocketAddr(addr))).toEqual(addr);
  expect(fromSocketAddr(WEB).ip?.ip.value).toBe(0x0a010203);
  expect(toIp(create(IPAddressSchema))).toBeUndefined();
  expect(toSocketAddr({ ...fromSocketAddr(WEB), port: 70_000 })).toBeUndefined();
});

test("toMs() and toMetadata() read what may be absent", () => {
  expect([
    toMs(undefined, 7),
    toMs({ $typeName: "google.protobuf.Duration", ...second(2) }, 7),
  ]).toEqual([7, 2500]);
  const resource = {
    group: "core",
    kind: "Service",
    namespace: "ns",
    name: "web",
    section: "s",
    port: 80,
  };
  expect(
    toMetadata(create(MetadataSchema, { kind: { case: "resource", value: resource } })),
  ).toEqual(resource);
  expect(toMetadata(undefined)).toMatchObject({ kind: "default", name: "unknown" });
});

test("toEndpoint() reads identity, hint and direct port, and ignores a URI identity without a server name", () => {
  const addr = fromSocketAddr(WEB);
  const uri = { strategy: { case: "uriLikeIdentity" as const, value: { uri: "spiffe://a/b" } } };
  const read = (message: Parameters<typeof create<typeof WeightedAddrSchema>>[1]) =>
    toEndpoint(create(WeightedAddrSchema, message), { service: "web" });
  expect(read({ addr, metricLabels: { pod: "p" } })).toEqual({
    addr: WEB,
    identity: undefined,
    hint: undefined,
    directPort: undefined,
    labels: { service: "web", pod: "p" },
  });
  expect(read({ addr, tlsIdentity: uri })?.identity).toBeUndefined();
  expect(read({ addr, tlsIdentity: { ...uri, serverName: { name: "b.a" } } })?.identity).toEqual({
    name: "spiffe://a/b",
    serverName: "b.a",
  });
  expect(read({ addr, tlsIdentity: {} })?.identity).toBeUndefined();
  expect(read({ addr, protocolHint: { opaqueTransport: { inboundPort: 4143 } } })?.directPort).toBe(
    4143,
  );
  expect(read({})).toBeUndefined();
});

test("toEndpointUpdate() reads every kind; an add of nothing usable is none", () => {
  const addr = fromSocketAddr(WEB);
  expect(
    toEndpointUpdate(
      create(UpdateSchema, { update: { case: "remove", value: { addrs: [addr] } } }),
    ),
  ).toEqual({ type: "remove", addrs: [WEB] });
  expect(
    toEndpointUpdate(
      create(UpdateSchema, { update: { case: "noEndpoints", value: { exists: true } } }),
    ),
  ).toEqual({ type: "no-endpoints", exists: true });
  expect(
    toEndpointUpdate(create(UpdateSchema, { update: { case: "add", value: { addrs: [{}] } } })),
  ).toBeUndefined();
  expect(toEndpointUpdate(create(UpdateSchema))).toBeUndefined();
});

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
  expect(policy?.labels).toEqual({ group: "policy.linkerd.io", kind: "server", name: "web" });
  expect(
    policy?.authorizations
      .slice(1)
      .map(({ authentication, labels }) => [authentication.type, labels.kind, labels.name]),
  ).toEqual([
    ["unauthenticated", "serverauthorization", "old"],
    ["tls-unauthenticated", "default", "audit"],
    ["identities", "serverauthorization", ""],
  ]);
  const [network] = policy?.authorizations[1]?.networks ?? [];
  expect([network?.net.contains("10.1.2.9"), network?.except[0]?.contains("10.1.2.3")]).toEqual([
    true,
    true,
  ]);
  expect(
    server({ protocol: { kind: { case: "detect", value: { timeout: second(1) } } } })?.protocol,
  ).toEqual({ type: "detect", timeoutMs: 1500 });
});

test.each([
  ["no protocol", { protocol: {} }],
  ["no name", { labels: {} }],
  ["no network", { authorizations: [{ authentication: anyone }] }],
  ["an empty network", { authorizations: [{ networks: [{}], authentication: anyone }] }],
  ["no authentication", { authorizations: [{ networks: [net] }] }],
  [
    "mesh TLS without clients",
    {
      authorizations: [
        { networks: [net], authentication: { permit: { case: "meshTLS", value: {} } } },
      ],
    },
  ],
])("toServerPolicy() takes a server with %s for invalid", (_, over) => {
  const valid = { protocol: { kind: { case: "tls", value: {} } }, labels: { name: "web" } };
  expect(toServerPolicy(create(ServerSchema, { ...valid, ...over } as ServerInit))).toBeUndefined();
});
