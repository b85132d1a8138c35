/** One change causes as many encodings as it has affected keys, however many watch them: 1,000 Services, 10,000 endpoints, 1,000 watchers. */

import { expect, test } from "bun:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { PortSpecSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { SERVICE_NAME } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import { fromIp } from "../../controller/api/convert.ts";
import { destinationHandlers } from "../../controller/api/destination.ts";
import { Encoder } from "../../controller/api/encoder.ts";
import { inboundHandlers } from "../../controller/api/inbound.ts";
import { outboundHandlers } from "../../controller/api/outbound.ts";
import { Cluster } from "../../controller/index/cluster.ts";
import { InboundPolicies } from "../../controller/index/inbound-policies.ts";
import { OutboundPolicies } from "../../controller/index/outbound-policies.ts";
import { Profiles } from "../../controller/index/profiles.ts";
import { FakeInformer } from "../fake/informer.ts";
import { FakeCall } from "../fake/server-call.ts";
import { CLUSTER_OPTIONS, fakeInformers, fakePod } from "../fake/web-cluster.ts";

const SERVICES = 1_000;
const PER_SERVICE = 10;
/** Clients of one Service; each watches its policy, its profile and its endpoints. */
const CLIENTS = 250;
const NAMESPACES = 10;
/** Services that one client each watches in these three ways. */
const OTHERS = 50;
const DOMAIN = "cluster.local";
/** Milliseconds: machines are shared. */
const PATIENCE_MS = 60_000;
const onFault = (): void => undefined;

const ipOf = (at: number): string => `10.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`;
const clusterIp = (service: number): string => `10.96.${service >> 8}.${service & 255}`;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** The whole control plane of discovery and policy, over informers that the test fills. */
function startPlane() {
  const from = fakeInformers();
  from.services.drop({ name: "web", namespace: "shop" });
  from.slices.drop({ name: "web-1", namespace: "shop" });
  const custom = (): FakeInformer<CustomObject> => new FakeInformer();
  const policies = {
    ...{ servers: from.servers, serverAuthorizations: custom(), authorizationPolicies: custom() },
    ...{ meshTlsAuthentications: custom(), networkAuthentications: custom(), rateLimits: custom() },
    ...{ linkerdHttpRoutes: custom(), httpRoutes: custom(), grpcRoutes: custom() },
    ...{ tlsRoutes: custom(), tcpRoutes: custom(), egressNetworks: custom() },
  };
  const serviceProfiles = custom();
  for (const number of numbers(SERVICES)) putService(from, number);
  for (const number of numbers(SERVICES)) putPods(from, number);
  const encoder = new Encoder();
  const cluster = new Cluster(from, CLUSTER_OPTIONS);
  const inbound = new InboundPolicies(policies, {
    ...{ cluster, onFault, domain: { controlPlaneNamespace: "linkerd", trustDomain: DOMAIN } },
    defaults: { defaultPolicy: "all-unauthenticated", clusterNetworks: [], probeNetworks: [] },
  });
  const outbound = new OutboundPolicies(
    { ...policies, services: from.services },
    {
      ...{ ...CLUSTER_OPTIONS, cluster, onFault, clusterNetworks: ["10.0.0.0/8"], opaquePorts: "" },
      globalEgressNamespace: "linkerd-egress",
    },
  );
  const options = { ...CLUSTER_OPTIONS, clusterDomain: DOMAIN };
  const profiles = new Profiles(serviceProfiles, { ...options, cluster, onFault });
  const handlers = new Map([
    ...inboundHandlers(inbound, encoder),
    ...outboundHandlers(outbound, options, encoder),
    ...destinationHandlers({ cluster, profiles }, { ...options, onContext: onFault }, encoder),
  ]);
  return { from, policies, serviceProfiles, encoder, handlers };
}

type Plane = ReturnType<typeof startPlane>;

function putService(from: Plane["from"], number: number, annotations: Record<string, string> = {}) {
  from.services.put({
    metadata: { name: `s${number}`, namespace: "shop", annotations },
    spec: { clusterIP: clusterIp(number), ports: [{ name: "http", port: 80 }] },
  });
}

const podOf = (service: number, index: number): Pod =>
  fakePod(`s${service}-${index}`, ipOf(service * PER_SERVICE + index));

function putSlice(from: Plane["from"], service: number, count = PER_SERVICE) {
  from.slices.put({
    metadata: {
      ...{ name: `s${service}-1`, namespace: "shop" },
      labels: { [SERVICE_NAME]: `s${service}` },
    },
    ...{ addressType: "IPv4", ports: [{ name: "http", port: 8080 }] },
    endpoints: numbers(count).map((index) => ({
      addresses: [ipOf(service * PER_SERVICE + index)],
      nodeName: "node-1",
      targetRef: { kind: "Pod", name: `s${service}-${index}`, namespace: "shop" },
    })),
  });
}

function putPods(from: Plane["from"], service: number): void {
  for (const index of numbers(PER_SERVICE)) from.pods.put(podOf(service, index));
  putSlice(from, service);
}

/** The streams of one client of a Service. */
function watchAll({ handlers }: Plane, service: number, namespace: string): FakeCall[] {
  const ask = (method: string, request: Uint8Array): FakeCall => {
    const call = new FakeCall(request);
    handlers.get(`/io.linkerd.proxy.${method}`)?.(call);
    return call;
  };
  const context = `{"ns":"${namespace}","nodeName":"node-1"}`;
  const ip = clusterIp(service);
  const spec = (to: string) =>
    toBinary(
      TrafficSpecSchema,
      create(TrafficSpecSchema, {
        sourceWorkload: `${namespace}:client`,
        target: { case: "addr", value: { ip: fromIp(to), port: 80 } },
      }),
    );
  const path = (asked: string) =>
    toBinary(
      GetDestinationSchema,
      create(GetDestinationSchema, { path: asked, contextToken: context }),
    );
  return [
    ask("outbound.OutboundPolicies/Watch", spec(ip)),
    ask("outbound.OutboundPolicies/Watch", spec("1.1.1.1")),
    ask("destination.Destination/GetProfile", path(`${ip}:80`)),
    ask("destination.Destination/Get", path(`s${service}.shop.svc.${DOMAIN}:80`)),
  ];
}

/** A plane that is watched, and how many messages a change makes, and how many streams are sent anything. */
function setUp() {
  const plane = startPlane();
  const calls = [
    ...numbers(CLIENTS).flatMap((client) => watchAll(plane, 0, `ns-${client % NAMESPACES}`)),
    ...numbers(OTHERS).flatMap((service) => watchAll(plane, service + 1, "ns-0")),
  ];
  const port = create(PortSpecSchema, { workload: "shop:s0-0", port: 8080 });
  const server = new FakeCall(toBinary(PortSpecSchema, port));
  plane.handlers.get("/io.linkerd.proxy.inbound.InboundServerPolicies/WatchPort")?.(server);
  calls.push(server);
  const first = plane.encoder.count;
  /** Messages made, and streams that were sent one. */
  const cost = (change: () => void): [made: number, sent: number] => {
    for (const call of calls) call.sent.length = 0;
    const before = plane.encoder.count;
    change();
    return [plane.encoder.count - before, calls.filter(({ sent }) => sent.length > 0).length];
  };
  return { plane, calls, first, cost };
}

const toService = (service: number) => ({
  parentRefs: [{ group: "core", kind: "Service", name: `s${service}`, namespace: "shop" }],
  rules: [{}],
});
const route = (name: string, namespace: string, spec: unknown): CustomObject => ({
  metadata: { name, namespace },
  spec,
});
const ANY = { routes: [{ name: "all", condition: { pathRegex: "/.*" } }] };

test(
  "OUT4, DST2, DST16: a change is encoded once for each key that it affects, and for no other",
  () => {
    const { plane, calls, first, cost } = setUp();
    const { from, policies, serviceProfiles } = plane;
    expect(calls.length).toBeGreaterThanOrEqual(1_000);
    // Of each Service policy, profile and endpoints; the policy of what is outside; a port.
    expect(first).toBe((OTHERS + 1) * 3 + 1 + 1);
    const perNamespace = CLIENTS / NAMESPACES;

    expect(cost(() => policies.httpRoutes.put(route("r", "shop", toService(0))))).toEqual([
      1,
      CLIENTS,
    ]);
    const consumer = route("c", "ns-1", toService(0));
    expect(cost(() => policies.httpRoutes.put(consumer))).toEqual([1, perNamespace]);
    expect(cost(() => policies.httpRoutes.drop({ name: "c", namespace: "ns-1" }))).toEqual([
      ...([0, perNamespace] as const),
    ]);
    expect(cost(() => policies.httpRoutes.put(route("x", "ns-1", toService(900))))).toEqual([0, 0]);

    const retry = { "retry.linkerd.io/http": "5xx" };
    expect(cost(() => putService(from, 0, retry))).toEqual([1, CLIENTS]);
    expect(cost(() => putService(from, 0, retry))).toEqual([0, 0]);
    expect(cost(() => putService(from, 900, retry))).toEqual([0, 0]);

    expect(cost(() => putSlice(from, 0, PER_SERVICE - 1))).toEqual([1, CLIENTS]);
    expect(cost(() => putSlice(from, 1, PER_SERVICE - 1))).toEqual([1, 1]);
    expect(cost(() => putSlice(from, 900, 1))).toEqual([0, 0]);
    const pod = podOf(0, 0);
    expect(cost(() => from.pods.put({ ...pod }))).toEqual([0, 0]);
    const labels = { ...pod.metadata?.labels, "pod-template-hash": "new" };
    expect(cost(() => from.pods.put({ ...pod, metadata: { ...pod.metadata, labels } }))).toEqual([
      ...([1, CLIENTS] as const),
    ]);

    const profile = (namespace: string): CustomObject =>
      route(`s0.shop.svc.${DOMAIN}`, namespace, ANY);
    expect(cost(() => serviceProfiles.put(profile("shop")))).toEqual([1, CLIENTS]);
    expect(cost(() => serviceProfiles.put(profile("ns-1")))).toEqual([1, perNamespace]);
  },
  PATIENCE_MS,
);

test(
  "OUT10, DST9, INB2: so are EgressNetworks, Servers, and what changes nothing",
  () => {
    const { plane, cost } = setUp();
    const { from, policies } = plane;
    const perNamespace = CLIENTS / NAMESPACES;
    const allow = { trafficPolicy: "Allow" };
    const global = route("all", "linkerd-egress", allow);
    expect(cost(() => policies.egressNetworks.put(global))).toEqual([1, CLIENTS + OTHERS]);
    expect(cost(() => policies.egressNetworks.put(route("own", "ns-1", allow)))).toEqual([
      ...([1, perNamespace] as const),
    ]);
    expect(cost(() => policies.egressNetworks.put(route("own", "nobody", allow)))).toEqual([0, 0]);

    const server = (over: object): CustomObject =>
      route("s", "shop", { podSelector: { matchLabels: { app: "web" } }, port: 8080, ...over });
    expect(cost(() => policies.servers.put(server({ proxyProtocol: "HTTP/1" })))).toEqual([1, 1]);
    // Endpoints of every Service that is watched, and the port.
    expect(cost(() => policies.servers.put(server({ proxyProtocol: "opaque" })))).toEqual([
      ...([OTHERS + 2, CLIENTS + OTHERS + 1] as const),
    ]);
    const annotations = { "example.com/x": "y" };
    expect(cost(() => from.namespaces.put({ metadata: { name: "shop", annotations } }))).toEqual([
      0, 0,
    ]);
    expect(cost(() => from.nodes.put({ metadata: { name: "node-9" } }))).toEqual([0, 0]);
  },
  PATIENCE_MS,
);
