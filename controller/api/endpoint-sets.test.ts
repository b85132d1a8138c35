import { expect, spyOn, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { UpdateSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { FakeCall } from "../../test/fake/server-call.ts";
import { CLUSTER_OPTIONS, fakeInformers, fakePod, fakeSlice } from "../../test/fake/web-cluster.ts";
import { Cluster } from "../index/cluster.ts";
import { EndpointSets, fromEndpoint } from "./endpoint-sets.ts";

const QUERY = { name: "web", namespace: "shop", instance: undefined, port: 80, node: "node-1" };
const pods = [1, 2, 3].map((at) => fakePod(`web-${at}`, `10.1.0.${at}`));

function setUp() {
  const from = fakeInformers();
  for (const pod of pods) from.pods.put(pod);
  const sets = new EndpointSets(new Cluster(from, CLUSTER_OPTIONS));
  const watch = (node = "node-1"): FakeCall => {
    const call = new FakeCall(new Uint8Array(0));
    sets.watch(call, { ...QUERY, node });
    return call;
  };
  return { from, watch };
}

/** The cases of the messages that came. */
const cases = (call: FakeCall): (string | undefined)[] =>
  call.take().map((message) => fromBinary(UpdateSchema, message).update.case);

test("DST2: watchers that were sent the same set share bytes; one that is behind gets its own", () => {
  const { from, watch } = setUp();
  const [first, second, slow] = [watch(), watch(), watch()];
  for (const call of [first, second, slow]) cases(call);
  slow.blocked = true;
  from.slices.put(fakeSlice(pods.slice(1)));
  expect(first.sent[0]).toBe(second.sent[0] as Uint8Array);
  from.slices.put(fakeSlice(pods.slice(2)));
  slow.blocked = false;
  slow.onWritable();
  expect([cases(first), cases(slow)]).toEqual([
    ["add", "remove", "remove"],
    ["add", "remove"],
  ]);
});

test("DST2: a change is looked up once for all who see it alike, and for those who count what is followed", () => {
  const from = fakeInformers();
  for (const pod of pods) from.pods.put(pod);
  const cluster = new Cluster(from, CLUSTER_OPTIONS);
  const looked = spyOn(cluster, "endpoints");
  const followers = { joined: () => undefined, left: () => undefined, changed: () => undefined };
  const sets = new EndpointSets(cluster, undefined, followers as never);
  for (let at = 0; at < 2; at++) sets.watch(new FakeCall(new Uint8Array(0)), QUERY);
  looked.mockClear();
  from.slices.put(fakeSlice(pods));
  expect(looked).toHaveBeenCalledTimes(1);
});

test("DST2: a watcher that stalled through changes that came to nothing is sent nothing", () => {
  const { from, watch } = setUp();
  const call = watch();
  cases(call);
  call.blocked = true;
  from.slices.put(fakeSlice(pods));
  from.slices.put(fakeSlice(pods.slice(0, 1)));
  call.blocked = false;
  call.onWritable();
  expect(cases(call)).toEqual([]);
});

test("DST10: bytes are shared by all nodes of a zone, and by one node alone where the policy is local", () => {
  const { from, watch } = setUp();
  const zoned = (name: string, zone: string): void =>
    from.nodes.put({ metadata: { name, labels: { "topology.kubernetes.io/zone": zone } } });
  zoned("node-1", "a");
  zoned("node-2", "a");
  zoned("node-3", "b");
  const calls = ["node-1", "node-2", "node-3"].map((node) => watch(node));
  const [first, second, other] = calls;
  const shared = (): (boolean | undefined)[] => {
    from.slices.put(fakeSlice(pods.slice(0, 2), { zone: "a" }));
    const found = [second, other].map((call) => call?.sent[0] === first?.sent[0]);
    from.slices.put(fakeSlice(pods.slice(0, 1), { zone: "a" }));
    return found;
  };
  for (const call of calls) cases(call);
  expect(shared()).toEqual([true, false]);
  for (const call of calls) cases(call);
  zoned("node-2", "b");
  expect([first, second, other].map((call) => call && cases(call))).toEqual([[], ["add"], []]);
  const [service] = from.services.list();
  from.services.put({ ...service, spec: { ...service?.spec, internalTrafficPolicy: "Local" } });
  expect(calls.map((call) => cases(call))).toEqual([[], ["noEndpoints"], ["noEndpoints"]]);
});

test("what was kept for a node goes with its last watcher, whoever else stays", () => {
  const cluster = new Cluster(fakeInformers(), CLUSTER_OPTIONS);
  let made = 0;
  const sets = new EndpointSets({
    ...{ service: () => undefined, servicesAt: () => [], workload: () => undefined },
    ...{ workloadAt: () => undefined, workloadOnHost: () => undefined },
    subscribe: (key, listener) => cluster.subscribe(key, listener),
    view: ({ node }) => node,
    endpoints: (query) => {
      made++;
      return cluster.endpoints(query);
    },
  });
  const ask = (node: string): FakeCall => {
    const call = new FakeCall(new Uint8Array(0));
    sets.watch(call, { ...QUERY, node });
    return call;
  };
  const [first, second] = [ask("n-1"), ask("n-1"), ask("n-2")];
  first?.onCancel();
  first?.onCancel();
  const third = ask("n-1");
  expect(made).toBe(2);
  for (const call of [second, third]) call?.onCancel();
  for (const node of ["n-2", "n-1", "n-1"]) ask(node);
  expect(made).toBe(3);
});

test("a view is let go with its last watcher", () => {
  const { from, watch } = setUp();
  const [first, second] = [watch(), watch()];
  first.onCancel();
  second.onCancel();
  for (const call of [first, second]) cases(call);
  from.slices.put(fakeSlice(pods));
  expect([cases(first), cases(second)]).toEqual([[], []]);
  expect(cases(watch())).toEqual(["add"]);
});

test("DST3, DST4, DST7: fromEndpoint() has weight, labels, and hints only where there are any", () => {
  const plain = {
    ip: "10.1.0.1",
    port: 80,
    labels: { pod: "a" },
    ...{ identity: undefined, serverName: undefined },
    hint: "none",
    directPort: undefined,
  } as const;
  expect(fromEndpoint(plain)).toMatchObject({ weight: 10_000, metricLabels: { pod: "a" } });
  expect(fromEndpoint(plain)).not.toHaveProperty("protocolHint");
  const identity = { identity: "spiffe://root.example/vm", serverName: "vm.example" };
  expect(fromEndpoint({ ...plain, ...identity }).tlsIdentity).toEqual({
    strategy: { case: "uriLikeIdentity", value: { uri: "spiffe://root.example/vm" } },
    serverName: { name: "vm.example" },
  });
  expect(
    fromEndpoint({ ...plain, identity: "vm.example", serverName: "vm.example" }),
  ).toMatchObject({
    tlsIdentity: { strategy: { case: "dnsLikeIdentity", value: { name: "vm.example" } } },
  });
  const http2 = {
    flowControl: { connectionWindow: 2, streamWindow: 1, adaptive: false },
    keepAlive: { intervalMs: 10_000, timeoutMs: 3_000, whileIdle: true },
    internals: { maxConcurrentResetStreams: 1, maxFrameSize: 2, maxSendBufSize: 3 },
  };
  expect(fromEndpoint({ ...plain, http2 }).http2).toMatchObject({
    flowControl: { initialConnectionWindowSize: 2, initialStreamWindowSize: 1 },
    keepAlive: { interval: { seconds: 10n }, timeout: { seconds: 3n }, whileIdle: true },
    internals: http2.internals,
  });
  const nothing = { flowControl: undefined, keepAlive: undefined, internals: undefined };
  expect(fromEndpoint({ ...plain, http2: nothing }).http2).toEqual({});
  expect(fromEndpoint({ ...plain, hint: "opaque", directPort: 4143 })).toMatchObject({
    protocolHint: { protocol: { case: "opaque" }, opaqueTransport: { inboundPort: 4143 } },
  });
});
