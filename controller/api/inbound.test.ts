import { expect, test } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { PortSpecSchema, ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import type { ServerCall } from "#lib/grpc/server.ts";
import { CLUSTER_OPTIONS, fakeInformers } from "../../test/fake/web-cluster.ts";
import { Cluster } from "../index/cluster.ts";
import { inboundHandlers, readWorkload } from "./inbound.ts";

const WORKLOAD = '{"ns":"shop", "pod":"web-1"}\n';

function setUp() {
  const from = fakeInformers();
  const handlers = inboundHandlers(new Cluster(from, CLUSTER_OPTIONS), {
    defaultPolicy: "all-unauthenticated",
    clusterNetworks: ["10.0.0.0/8"],
    probeNetworks: ["0.0.0.0/0"],
  });
  const ask = (method: string, spec: { workload: string; port: number }) => {
    const sent: Uint8Array[] = [];
    const call: ServerCall = {
      request: toBinary(PortSpecSchema, create(PortSpecSchema, spec)),
      clientId: "",
      blocked: false,
      send: (framed) => sent.push(framed),
      end: () => undefined,
      onCancel: () => undefined,
      onWritable: () => undefined,
    };
    handlers.get(`/io.linkerd.proxy.inbound.InboundServerPolicies/${method}`)?.(call);
    return {
      call,
      sent,
      newest: () => fromBinary(ServerSchema, sent.at(-1)?.subarray(5) ?? new Uint8Array()),
    };
  };
  return { from, ask };
}

test("INB1: readWorkload() reads both forms", () => {
  expect(readWorkload(WORKLOAD)).toEqual({ namespace: "shop", name: "web-1" });
  expect(readWorkload("shop:web-1")).toEqual({ namespace: "shop", name: "web-1" });
  for (const bad of ["", "{}", "shop", "a:b:c"]) expect(readWorkload(bad)).toBeUndefined();
});

test("INB2, INB3: WatchPort gives the default policy, and follows the namespace; watchers share the bytes", () => {
  const { from, ask } = setUp();
  const first = ask("WatchPort", { workload: WORKLOAD, port: 8080 });
  const second = ask("WatchPort", { workload: WORKLOAD, port: 8080 });
  expect(first.newest().labels["name"]).toBe("all-unauthenticated");
  expect(first.newest().authorizations[0]?.networks).toHaveLength(2);
  expect(second.sent[0]).toBe(first.sent[0] as Uint8Array);
  const key = "config.linkerd.io/default-inbound-policy";
  from.namespaces.put({ metadata: { name: "shop", annotations: { [key]: "all-authenticated" } } });
  expect(first.newest().authorizations[0]?.authentication?.permit.case).toBe("meshTLS");
  from.namespaces.put({
    metadata: { name: "shop", annotations: { [key]: "all-authenticated", other: "x" } },
  });
  expect(first.sent).toHaveLength(2);
  second.call.onCancel();
  from.pods.drop({ namespace: "shop", name: "web-1" });
  expect(first.newest()).toMatchObject({ authorizations: [], labels: { name: "deny" } });
  expect(second.sent).toHaveLength(2);
});

test("GetPort refuses what it cannot answer", () => {
  const { ask } = setUp();
  expect(ask("GetPort", { workload: WORKLOAD, port: 1 }).sent).toHaveLength(1);
  for (const spec of [
    { workload: "x", port: 1 },
    { workload: WORKLOAD, port: 0 },
    { workload: "shop:none", port: 1 },
  ])
    expect(() => ask("GetPort", spec)).toThrow();
});
