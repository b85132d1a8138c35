import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { UpdateSchema, WeightedAddrSchema } from "#lib/api/gen/proxy/destination_pb.ts";
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

test("P45: toEndpoint() reads identity, hint and direct port, and ignores a URI identity without a server name", () => {
  const addr = fromSocketAddr(WEB);
  const uri = { strategy: { case: "uriLikeIdentity" as const, value: { uri: "spiffe://a/b" } } };
  const read = (message: Parameters<typeof create<typeof WeightedAddrSchema>>[1]) =>
    toEndpoint(create(WeightedAddrSchema, message), { service: "web" });
  expect(read({ addr, metricLabels: { pod: "p" } })).toEqual({
    addr: WEB,
    identity: undefined,
    hint: undefined,
    directPort: undefined,
    authority: undefined,
    labels: { service: "web", pod: "p" },
  });
  const [one, other] = [
    { pod: "p", zone: "z" },
    { zone: "z", pod: "p" },
  ].map((metricLabels) => JSON.stringify(read({ addr, metricLabels })));
  expect(one).toBe(other as string);
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

test.each([
  ["web.ns.svc.test:8888", { text: "web.ns.svc.test:8888", host: "web.ns.svc.test", port: 8888 }],
  ["web.ns.svc.test", { text: "web.ns.svc.test", host: "web.ns.svc.test", port: WEB.port }],
  ["", undefined],
  ["no name:x", undefined],
])("WIRE8: toEndpoint() reads what a gateway is asked for: %s", (authorityOverride, expected) => {
  const message = { addr: fromSocketAddr(WEB), authorityOverride: { authorityOverride } };
  expect(toEndpoint(create(WeightedAddrSchema, message), {})?.authority).toEqual(expected);
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
