/** Statuses that the real role writes to a real API: of every kind, of two replicas by one. */

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import {
  EGRESS_NETWORKS,
  GRPC_ROUTES,
  HTTP_ROUTES,
  LEASES,
  LINKERD_HTTP_ROUTES,
  RATE_LIMITS,
  type Resource,
  SERVERS,
  TCP_ROUTES,
  TLS_ROUTES,
} from "#lib/k8s/resource.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import { type DestinationRole, startDestination } from "../../controller/roles/destination.ts";
import { renderGatewayApi } from "../../deploy/crds/gateway-api/render.ts";
import { applyAll } from "../../dev/apply.ts";
import { FakeControllers } from "../fake/controllers.ts";
import { until } from "../fake/mesh.ts";

let plane: FakeControllers;
/** Another replica. */
let other: DestinationRole;

beforeAll(async () => {
  plane = await FakeControllers.start();
  await applyAll(plane.kube.admin, renderGatewayApi("experimental"));
  // A kind that comes later is looked for every half minute: this replica finds it there.
  await plane.destination.stop();
  other = startDestination(plane.destinationArgs, plane.around);
  await other.ready;
});
afterAll(async () => {
  await other.stop();
  await plane.stop();
});

const made: (readonly [Resource<CustomObject>, string])[] = [];
afterEach(async () => {
  for (const [resource, name] of made.splice(0))
    await plane.kube.admin.delete(resource, { name, namespace: "mesh" });
});

async function create(resource: Resource<CustomObject>, name: string, spec: object): Promise<void> {
  await plane.kube.admin.create(resource, { metadata: { name, namespace: "mesh" }, spec });
  made.push([resource, name]);
}

type Told = Readonly<Record<"type" | "status" | "reason" | "lastTransitionTime", string>> & {
  readonly observedGeneration?: number;
};
type Status = {
  readonly conditions?: readonly Told[];
  readonly parents?: readonly { readonly controllerName: string; readonly conditions: Told[] }[];
};

async function get(resource: Resource<CustomObject>, name: string): Promise<CustomObject> {
  const object = await plane.kube.admin.get(resource, { name, namespace: "mesh" });
  if (object === undefined) throw new Error(`${name} is not there`);
  return object;
}

const ofUs = ({ status }: CustomObject): readonly Told[] => {
  const { conditions = [], parents = [] } = (status ?? {}) as Status;
  const ours = parents.filter((each) => each.controllerName === "linkerd.io/policy-controller");
  return [...conditions, ...ours.flatMap((each) => each.conditions)];
};

/** Waits until an object's conditions are these, of its own generation: `Accepted NoMatchingParent`. */
async function says(
  resource: Resource<CustomObject>,
  name: string,
  ...expected: string[]
): Promise<void> {
  let last: readonly string[] = [];
  await until(
    async () => {
      const object = await get(resource, name);
      const told = ofUs(object);
      last = told.map(({ type, reason }) => `${type} ${reason}`);
      return (
        last.join() === expected.join() &&
        told.every((each) => each.observedGeneration === object.metadata?.generation)
      );
    },
    () => `that ${resource.kind} ${name} says ${expected.join()}: ${last.join()}`,
  );
}

const toWeb = (...backends: string[]): object => ({
  parentRefs: [{ group: "core", kind: "Service", name: "web", port: 80 }],
  rules: [{ backendRefs: backends.map((name) => ({ name, port: 80 })) }],
});
const GOOD = ["Accepted Accepted", "ResolvedRefs ResolvedRefs"];
const LOST = ["Accepted RouteReasonConflicted", "ResolvedRefs ResolvedRefs"];

test("G15, INB12, S3, S9: routes of each kind are told whether they hold; the loser holds when the winner goes", async () => {
  await create(TCP_ROUTES, "tcp", toWeb("web"));
  await says(TCP_ROUTES, "tcp", ...GOOD);
  await create(TLS_ROUTES, "tls", { ...toWeb("web"), hostnames: ["web.example"] });
  await says(TLS_ROUTES, "tls", ...GOOD);
  await says(TCP_ROUTES, "tcp", ...LOST);
  await create(LINKERD_HTTP_ROUTES, "own", toWeb("web", "missing"));
  await says(LINKERD_HTTP_ROUTES, "own", "Accepted Accepted", "ResolvedRefs BackendNotFound");
  await create(HTTP_ROUTES, "http", toWeb("web"));
  await says(HTTP_ROUTES, "http", ...GOOD);
  await says(TLS_ROUTES, "tls", ...LOST);
  await create(GRPC_ROUTES, "grpc", toWeb("web"));
  await says(GRPC_ROUTES, "grpc", ...GOOD);
  await says(HTTP_ROUTES, "http", ...LOST);
  await plane.kube.admin.delete(GRPC_ROUTES, { name: "grpc", namespace: "mesh" });
  await says(HTTP_ROUTES, "http", ...GOOD);
});

test("INB12, INB11: rate limits and Servers' routes", async () => {
  const target = { group: "policy.linkerd.io", kind: "Server", name: "web-http" };
  const limit = { targetRef: target, total: { requestsPerSecond: 9 } };
  await create(RATE_LIMITS, "a", limit);
  await create(LINKERD_HTTP_ROUTES, "in", { parentRefs: [target], rules: [{}] });
  await says(RATE_LIMITS, "a", "Accepted NoMatchingTarget");
  await says(LINKERD_HTTP_ROUTES, "in", "Accepted NoMatchingParent");
  await create(SERVERS, "web-http", { podSelector: {}, port: 80 });
  await says(RATE_LIMITS, "a", "Accepted Accepted");
  await says(LINKERD_HTTP_ROUTES, "in", "Accepted Accepted");
  await create(RATE_LIMITS, "b", limit);
  await says(RATE_LIMITS, "b", "Accepted RateLimitReasonAlreadyExists");
  expect((await get(RATE_LIMITS, "b")).status).toMatchObject({ targetRef: target });
});

test("INB12, OUT10: an EgressNetwork of the cluster's own networks is not accepted, nor a route of it", async () => {
  const inside = { trafficPolicy: "Allow", networks: [{ cidr: "10.1.0.0/16" }] };
  await create(EGRESS_NETWORKS, "net", inside);
  const parent = { group: "policy.linkerd.io", kind: "EgressNetwork", name: "net", port: 443 };
  const backendRefs = [{ group: "policy.linkerd.io", kind: "EgressNetwork", name: "net" }];
  await create(TCP_ROUTES, "out", { parentRefs: [parent], rules: [{ backendRefs }] });
  await says(EGRESS_NETWORKS, "net", "Accepted EgressReasonNetworkOverlap");
  await says(TCP_ROUTES, "out", "Accepted NoMatchingParent", "ResolvedRefs ResolvedRefs");
  const name = { name: "net", namespace: "mesh" };
  const body = { spec: { networks: [{ cidr: "192.0.2.0/24" }] } };
  await plane.kube.admin.patch(EGRESS_NETWORKS, name, { type: "merge", body });
  await says(EGRESS_NETWORKS, "net", "Accepted Accepted");
  await says(TCP_ROUTES, "out", ...GOOD);
});

test("G15, S15: of a route that contradicts itself the rules that can be read hold, and it says which do not", async () => {
  const odd = { filters: [{ type: "URLRewrite", urlRewrite: { hostname: "a.example" } }] };
  const { parentRefs, rules } = toWeb("web") as { parentRefs: object[]; rules: object[] };
  await create(HTTP_ROUTES, "odd", { parentRefs, rules: [...rules, { ...rules[0], ...odd }] });
  await says(HTTP_ROUTES, "odd", ...GOOD, "PartiallyInvalid UnsupportedValue");
  const body = { spec: { rules: [{ ...rules[0], ...odd }] } };
  const name = { name: "odd", namespace: "mesh" };
  await plane.kube.admin.patch(HTTP_ROUTES, name, { type: "merge", body });
  await says(HTTP_ROUTES, "odd", "Accepted UnsupportedValue", "ResolvedRefs ResolvedRefs");
});

test("S3, INB12: what others have said stays, and nothing is written where nothing changes", async () => {
  await create(HTTP_ROUTES, "shared", toWeb("web"));
  await says(HTTP_ROUTES, "shared", ...GOOD);
  const before = await get(HTTP_ROUTES, "shared");
  const theirs = {
    ...{ controllerName: "example.com/gateway", parentRef: { name: "front" } },
    conditions: [{ type: "Accepted", status: "True", reason: "Accepted", message: "" }].map(
      (each) => ({ ...each, lastTransitionTime: "2026-01-01T00:00:00Z" }),
    ),
  };
  const { parents = [] } = before.status as Status;
  const name = { name: "shared", namespace: "mesh" };
  const status = { parents: [theirs, ...parents] };
  await plane.kube.admin.patch(HTTP_ROUTES, name, {
    ...{ type: "merge", subresource: "status", body: { status } },
  });
  const body = { spec: toWeb("missing") };
  await plane.kube.admin.patch(HTTP_ROUTES, name, { type: "merge", body });
  await says(HTTP_ROUTES, "shared", "Accepted Accepted", "ResolvedRefs BackendNotFound");
  const after = await get(HTTP_ROUTES, "shared");
  expect((after.status as Status).parents?.[0]).toMatchObject(theirs);
  expect(ofUs(after)[0]?.lastTransitionTime).toBe(ofUs(before)[0]?.lastTransitionTime ?? "");
  // What was written last would have been followed by more, were there any: another object's status is written after it.
  await create(HTTP_ROUTES, "later", toWeb("web"));
  await says(HTTP_ROUTES, "later", ...GOOD);
  const { metadata } = await get(HTTP_ROUTES, "shared");
  expect(metadata?.resourceVersion).toBe(after.metadata?.resourceVersion ?? "");
});

test("F13, INB12: when the replica that writes stops, another goes on at once", async () => {
  const lease = { name: "policy-controller-write", namespace: "linkerd" };
  const holder = async () => (await plane.kube.admin.get(LEASES, lease))?.spec?.holderIdentity;
  await until(
    async () => (await holder()) !== undefined,
    () => "nobody writes",
  );
  const before = await holder();
  await other.stop();
  other = startDestination(plane.destinationArgs, plane.around);
  await other.ready;
  await create(HTTP_ROUTES, "after", toWeb("web"));
  await says(HTTP_ROUTES, "after", ...GOOD);
  expect(await holder()).not.toBe(before);
});
