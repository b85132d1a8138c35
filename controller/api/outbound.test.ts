import { expect, test } from "bun:test";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { OutboundPolicySchema, TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { FakeCall } from "../../test/fake/server-call.ts";
import { CLUSTER_OPTIONS, fakeInformers } from "../../test/fake/web-cluster.ts";
import { Cluster } from "../index/cluster.ts";
import { fromIp } from "./convert.ts";
import { outboundHandlers } from "./outbound.ts";

type Target = NonNullable<MessageInitShape<typeof TrafficSpecSchema>["target"]>;
const addr = (ip: string, port: number): Target => ({
  case: "addr",
  value: { ip: fromIp(ip), port },
});

function setUp() {
  const from = fakeInformers();
  const catalog = new Cluster(from, CLUSTER_OPTIONS);
  const handlers = outboundHandlers(catalog, { clusterDomain: "cluster.local" });
  const ask = (method: string, target?: Target): FakeCall => {
    const spec = create(TrafficSpecSchema, target === undefined ? {} : { target });
    const call = new FakeCall(toBinary(TrafficSpecSchema, spec));
    handlers.get(`/io.linkerd.proxy.outbound.OutboundPolicies/${method}`)?.(call);
    return call;
  };
  const newest = (call: FakeCall) =>
    fromBinary(OutboundPolicySchema, call.take().at(-1) ?? new Uint8Array());
  return { from, ask, newest };
}

test("OUT1, OUT5: a Service's port is balanced, and the policy follows the Service", () => {
  const { from, ask, newest } = setUp();
  const call = ask("Watch", addr("10.96.0.1", 80));
  const policy = newest(call);
  expect(policy.metadata?.kind.value).toMatchObject({ kind: "Service", name: "web", port: 80 });
  expect(policy.protocol?.kind.case).toBe("detect");
  const spec = { clusterIP: "10.96.0.1" };
  const metadata = { name: "web", namespace: "shop" };
  from.services.put({ metadata, spec: { ...spec, ports: [{ port: 80, appProtocol: "http" }] } });
  expect(newest(call).protocol?.kind.case).toBe("http1");
  const h2c = [{ port: 80, appProtocol: "kubernetes.io/h2c" }];
  from.services.put({ metadata, spec: { ...spec, ports: h2c } });
  expect(newest(call).protocol?.kind.case).toBe("http2");
  from.services.put({ metadata, spec: { ...spec, ports: [{ port: 80, appProtocol: "tcp" }] } });
  expect(newest(call).protocol?.kind.case).toBe("opaque");
});

test("OUT1, OUT11, OUT12: names, addresses unknown, ports undefined", () => {
  const { ask, newest } = setUp();
  const name: Target = { case: "authority", value: "web.shop.svc.cluster.local.:80" };
  const named = ask("Get", name);
  expect(newest(named).metadata?.kind.value).toMatchObject({ name: "web" });
  expect(named.ended).toBe("0 ");
  expect(newest(ask("Get", addr("1.1.1.1", 443))).metadata?.kind.value).toBe("egress-fallback");
  expect(newest(ask("Get", addr("10.96.0.1", 9))).protocol?.kind.case).toBe("opaque");
});

test("OUT14: what cannot be answered is refused; a watched Service that goes ends its watch by name", () => {
  const { from, ask } = setUp();
  expect(() => ask("Get")).toThrow(expect.objectContaining({ code: 3 }));
  expect(() => ask("Get", addr("10.96.0.1", 0))).toThrow(expect.objectContaining({ code: 3 }));
  const authority = (value: string): Target => ({ case: "authority", value });
  expect(() => ask("Get", authority("example.com"))).toThrow(expect.objectContaining({ code: 5 }));
  const call = ask("Watch", authority("web.shop.svc.cluster.local:80"));
  from.services.drop({ name: "web", namespace: "shop" });
  expect(call.ended).toBe("5 no Service shop/web");
});
