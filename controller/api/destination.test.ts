import { expect, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { DestinationProfileSchema, UpdateSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { ProfileWorld } from "../../test/fake/profile-world.ts";
import type { FakeCall } from "../../test/fake/server-call.ts";
import { fakePod, fakeSlice } from "../../test/fake/web-cluster.ts";

const PATH = "web.shop.svc.cluster.local:80";

function setUp() {
  const world = new ProfileWorld();
  const ask = (method: "Get" | "GetProfile", path: string) => world.ask(method, path);
  return { world, from: world.from, ask };
}

const updates = (call: FakeCall): string[] =>
  call.take().map((message) => {
    const { update } = fromBinary(UpdateSchema, message);
    if (update.case === "noEndpoints") return `none ${update.value.exists}`;
    if (update.case === "add")
      return `add ${update.value.addrs.map(({ addr }) => Number(addr?.ip?.ip.value) & 0xff).join()}`;
    return `remove ${update.value?.addrs.map(({ ip }) => Number(ip?.ip.value) & 0xff).join()}`;
  });
const pods = [1, 2, 3].map((at) => fakePod(`web-${at}`, `10.1.0.${at}`));

test("DST1, DST2: Get gives the whole set, then what changes, in bytes that watchers share", () => {
  const { from, ask } = setUp();
  for (const pod of pods) from.pods.put(pod);
  const [first, second] = [ask("Get", PATH), ask("Get", PATH)];
  expect([updates(first), updates(second)]).toEqual([["add 1"], ["add 1"]]);
  from.slices.put(fakeSlice(pods.slice(1)));
  expect(first.sent[0]).toBe(second.sent[0] as Uint8Array);
  expect(updates(first)).toEqual(["add 2,3", "remove 1"]);
  from.slices.put(fakeSlice([]));
  expect(updates(first)).toEqual(["none true"]);
  from.services.drop({ name: "web", namespace: "shop" });
  expect(updates(first)).toEqual(["none false"]);
});

test("DST2: a watcher that was stalled through many changes ends with the newest set", () => {
  const { from, ask } = setUp();
  for (const pod of pods) from.pods.put(pod);
  const call = ask("Get", PATH);
  updates(call);
  call.blocked = true;
  for (const some of [pods.slice(1), [], pods, pods.slice(2)]) from.slices.put(fakeSlice(some));
  expect(updates(call)).toEqual([]);
  call.blocked = false;
  call.onWritable();
  expect(updates(call)).toEqual(["add 3", "remove 1"]);
  call.onWritable();
  expect(updates(call)).toEqual([]);
  call.onCancel();
  from.slices.put(fakeSlice(pods));
  expect(updates(call)).toEqual([]);
});

test.each([
  ["10.0.0.1:80", 3],
  ["example.com:80", 3],
  ["none.shop.svc.cluster.local", 5],
])("DST1: Get(%p) is refused with %p", (path, code) => {
  expect(() => setUp().ask("Get", path)).toThrow(expect.objectContaining({ code }));
});

test("DST15: GetProfile by Service address, undefined port, pod address and name", () => {
  const { from, ask } = setUp();
  const profile = (path: string) =>
    fromBinary(DestinationProfileSchema, ask("GetProfile", path).take()[0] ?? new Uint8Array());
  expect(profile("10.96.0.1:80")).toMatchObject({
    fullyQualifiedName: "web.shop.svc.cluster.local",
    opaqueProtocol: false,
  });
  expect(profile(PATH).parentRef?.kind.value).toMatchObject({ kind: "Service", port: 80 });
  expect(profile("10.96.0.1:9").fullyQualifiedName).toBe("");
  expect(profile("10.1.0.1:25")).toMatchObject({ opaqueProtocol: true });
  expect(profile("10.1.0.1:8080").endpoint?.protocolHint?.opaqueTransport?.inboundPort).toBe(4143);
  expect(profile("1.1.1.1:443").endpoint?.tlsIdentity).toBeUndefined();
  expect(() => profile("none.shop.svc.cluster.local")).toThrow("no Service");
  const watching = ask("GetProfile", "10.96.0.1:80");
  from.services.put({
    metadata: { name: "b", namespace: "shop" },
    spec: { clusterIP: "10.96.0.1" },
  });
  expect(watching.ended).toBe("9 more than one Service has address 10.96.0.1");
  expect(() => profile("10.96.0.1:81")).toThrow("more than one");
});

test("DST15: a ClusterIP with a ServiceProfile: routes, budget, overrides, and where they come from", () => {
  const { world } = setUp();
  const { newest } = world.watch();
  expect(newest()).toMatchObject({
    ...{ routes: [], dstOverrides: [], fullyQualifiedName: "web.shop.svc.cluster.local" },
    retryBudget: { minRetriesPerSecond: 10, ttl: { seconds: 10n } },
  });
  expect(newest().retryBudget?.retryRatio).toBeCloseTo(0.2);
  expect(newest().profileRef).toBeUndefined();
  world.put({
    retryBudget: { retryRatio: 0.5, minRetriesPerSecond: 3, ttl: "1m" },
    dstOverrides: [
      { authority: "v1.shop.svc.cluster.local:8080", weight: "900m" },
      { authority: "v2.shop.svc.cluster.local", weight: 1 },
    ],
    opaquePorts: ["80"],
    routes: [
      {
        name: "GET /a",
        condition: { pathRegex: "/a/.*", method: "get" },
        isRetryable: true,
        timeout: "1.5s",
        responseClasses: [
          { condition: { status: { min: 500 } }, isFailure: true },
          {
            condition: {
              all: [{ status: { max: 299 } }, { not: { status: { min: 204, max: 204 } } }],
            },
          },
        ],
      },
      { name: "rest", condition: { not: { any: [{ method: "PURGE" }, { pathRegex: "/b" }] } } },
    ],
  });
  expect(newest()).toMatchObject({
    opaqueProtocol: true,
    retryBudget: { retryRatio: 0.5, minRetriesPerSecond: 3, ttl: { seconds: 60n } },
    dstOverrides: [
      { authority: "v1.shop.svc.cluster.local:8080", weight: 9000 },
      { authority: "v2.shop.svc.cluster.local:80", weight: 10_000 },
    ],
    parentRef: { kind: { value: { group: "core", kind: "Service", name: "web", port: 80 } } },
    profileRef: {
      kind: {
        value: {
          ...{ group: "linkerd.io", kind: "ServiceProfile", namespace: "shop" },
          name: "web.shop.svc.cluster.local",
        },
      },
    },
    routes: [
      {
        metricsLabels: { route: "GET /a" },
        isRetryable: true,
        timeout: { seconds: 1n, nanos: 500_000_000 },
        condition: {
          match: {
            case: "all",
            value: {
              matches: [
                { match: { case: "method", value: { type: { case: "registered", value: 0 } } } },
                { match: { case: "path", value: { regex: "/a/.*" } } },
              ],
            },
          },
        },
        responseClasses: [
          {
            isFailure: true,
            condition: { match: { case: "status", value: { min: 500, max: 599 } } },
          },
          {
            isFailure: false,
            condition: {
              match: {
                case: "all",
                value: {
                  matches: [
                    { match: { case: "status", value: { min: 100, max: 299 } } },
                    {
                      match: {
                        case: "not",
                        value: { match: { case: "status", value: { min: 204, max: 204 } } },
                      },
                    },
                  ],
                },
              },
            },
          },
        ],
      },
      {
        isRetryable: false,
        condition: {
          match: {
            case: "not",
            value: {
              match: {
                case: "any",
                value: {
                  matches: [
                    {
                      match: {
                        case: "method",
                        value: { type: { case: "unregistered", value: "PURGE" } },
                      },
                    },
                    { match: { case: "path" } },
                  ],
                },
              },
            },
          },
        },
      },
    ],
  });
  expect(newest().routes[1]?.timeout).toBeUndefined();
  world.drop();
  expect(newest().routes).toEqual([]);
});

test("DST16: the ServiceProfile of the client's namespace, else that of the Service's", () => {
  const { world } = setUp();
  const all = ["shop", "client", "other"].map((client) => world.watch(client));
  const nameless = world.watch("x", "web.shop.svc.cluster.local:80");
  const names = () =>
    all.map(({ newest }) =>
      newest()
        .routes.map(({ metricsLabels }) => metricsLabels["route"])
        .join(),
    );
  const named = (name: string) => ({ routes: [{ name, condition: { pathRegex: "/.*" } }] });
  world.put(named("theirs"));
  expect(names()).toEqual(["theirs", "theirs", "theirs"]);
  expect(nameless.newest().routes).toHaveLength(1);
  world.put(named("mine"), "client");
  expect(names()).toEqual(["theirs", "mine", "theirs"]);
  world.put(named("new"));
  expect(names()).toEqual(["new", "mine", "new"]);
  expect(all.map(({ sent }) => sent())).toEqual([3, 3, 3]);
  expect(all[0]?.call.sent.at(-1)).toBe(all[2]?.call.sent.at(-1) as Uint8Array);
  world.drop("client");
  expect(names()).toEqual(["new", "new", "new"]);
});

test("DST15: a budget that cannot be read allows no retries", () => {
  const { world } = setUp();
  world.put({ retryBudget: { retryRatio: 1, minRetriesPerSecond: 1, ttl: "soon" } });
  expect(world.watch().newest().retryBudget).toBeUndefined();
  expect(world.faults).toEqual([
    "serviceprofiles shop/web.shop.svc.cluster.local: spec.retryBudget.ttl is no duration: soon",
  ]);
});

test("DST15: a pod by its address, its name and its node's port; what is outside", () => {
  const { world, from } = setUp();
  from.slices.put(fakeSlice([fakePod("web-1", "10.1.0.1")], { hostname: "web-a" }));
  const pod = fakePod("edge", "10.1.0.9");
  from.pods.put({
    ...pod,
    spec: {
      ...pod.spec,
      containers: [
        { name: "app", ports: [{ containerPort: 8080, hostPort: 7777 }] },
        ...(pod.spec?.containers.slice(1) ?? []),
      ],
    },
    status: { ...pod.status, hostIP: "192.0.2.1" },
  });
  const identity = "web.shop.serviceaccount.identity.linkerd.cluster.local";
  const endpointAt = (path: string) => world.watch("shop", path).newest().endpoint;
  const own = endpointAt("10.1.0.1:8080");
  expect(own).toMatchObject({
    addr: { port: 8080 },
    metricLabels: { pod: "web-1", namespace: "shop" },
    tlsIdentity: { strategy: { value: { name: identity } } },
    protocolHint: { opaqueTransport: { inboundPort: 4143 } },
  });
  expect(endpointAt("web-a.web.shop.svc.cluster.local:8080")).toEqual(own);
  expect(() => world.watch("shop", "web-z.web.shop.svc.cluster.local:8080")).toThrow("no Service");
  const onHost = endpointAt("192.0.2.1:7777");
  expect(onHost).toMatchObject({
    addr: { port: 7777 },
    metricLabels: { pod: "edge" },
    tlsIdentity: { strategy: { value: { name: identity } } },
  });
  expect(onHost?.protocolHint?.opaqueTransport).toBeUndefined();
  expect(endpointAt("192.0.2.1:7778")?.tlsIdentity).toBeUndefined();
});

test("DST15: an address without a port is asked for at port 80, and none at port 0", () => {
  const { world } = setUp();
  expect(world.watch("shop", "10.1.0.1").newest().endpoint).toMatchObject({ addr: { port: 80 } });
  for (const path of ["10.1.0.1:0", "web.shop.svc.cluster.local:0", "fd00::1", "10.1:80"])
    expect(() => world.watch("shop", path)).toThrow("path is no Service of this cluster");
});

test("DST15: the profile of a pod by its name is there wherever it runs, and goes on where its Service turns local", () => {
  const { world, from } = setUp();
  from.slices.put(fakeSlice([fakePod("web-1", "10.1.0.1")], { hostname: "web-a" }));
  const named = world.watch("shop", "web-a.web.shop.svc.cluster.local:8080");
  const [service] = from.services.list();
  from.services.put({ ...service, spec: { ...service?.spec, internalTrafficPolicy: "Local" } });
  expect(named.call.ended).toBeUndefined();
  const anew = world.watch("shop", "web-a.web.shop.svc.cluster.local:8080");
  expect(anew.newest().endpoint?.metricLabels).toMatchObject({ pod: "web-1" });
});

test("DST15: profiles follow pods by name, and ports of nodes", () => {
  const { world, from } = setUp();
  from.slices.put(fakeSlice([fakePod("web-1", "10.1.0.1")], { hostname: "web-a" }));
  const named = world.watch("shop", "web-a.web.shop.svc.cluster.local:8080");
  const moved = fakePod("web-2", "10.1.0.2");
  from.pods.put(moved);
  from.slices.put(fakeSlice([moved], { hostname: "web-a" }));
  expect(named.newest().endpoint?.metricLabels).toMatchObject({ pod: "web-2" });
  from.slices.put(fakeSlice([]));
  expect(named.call.ended).toBe("5 no Service at web-a.web.shop.svc.cluster.local:8080");
  const port = world.watch("shop", "192.0.2.1:7777");
  const ports = [{ containerPort: 8080, hostPort: 7777 }];
  const proxy = moved.spec?.containers.slice(1) ?? [];
  const pod = { ...moved, spec: { containers: [{ name: "app", ports }, ...proxy] } };
  from.pods.put({ ...pod, status: { podIP: "10.1.0.2", hostIP: "192.0.2.1" } });
  expect(port.newest().endpoint?.metricLabels).toMatchObject({ pod: "web-2" });
  from.pods.put({ ...pod, status: { podIP: "10.1.0.2", hostIP: "192.0.2.1", phase: "Failed" } });
  expect(port.newest().endpoint?.metricLabels).not.toMatchObject({ pod: "web-2" });
});

test("DST17: a context that cannot be read is told, and the answer is that for nobody known", () => {
  const { world } = setUp();
  world.ask("GetProfile", "10.96.0.1:80", "somewhere");
  world.ask("Get", PATH, "nowhere");
  expect(world.contexts).toEqual(["somewhere", "nowhere"]);
});
