/** What kubectl shows of routes and policies: whether they hold, and if not why. */

import type { Scenario } from "../scenario.ts";
import type { World } from "../world.ts";

const POLICY = "policy.linkerd.io";
const GATEWAY = "gateway.networking.k8s.io";
const OURS = 'controllerName=="linkerd.io/policy-controller"';

const route = (kind: string, name: string, backend: string): string =>
  JSON.stringify({
    ...{ apiVersion: `${GATEWAY}/v1`, kind, metadata: { name } },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "web", port: 80 }],
      rules: [{ backendRefs: [{ name: backend, port: 80 }] }],
    },
  });

const limit = (name: string): string =>
  JSON.stringify({
    ...{ apiVersion: `${POLICY}/v1alpha1`, kind: "HTTPLocalRateLimitPolicy", metadata: { name } },
    spec: {
      targetRef: { group: POLICY, kind: "Server", name: "told" },
      total: { requestsPerSecond: 1_000 },
    },
  });

const SERVER = JSON.stringify({
  ...{ apiVersion: `${POLICY}/v1beta3`, kind: "Server", metadata: { name: "told" } },
  spec: { podSelector: { matchLabels: { app: "told" } }, port: 8080 },
});

/** Waits until kubectl shows these conditions: `Accepted=True Accepted`. */
async function shows(
  world: World,
  object: string,
  how: { readonly of: string; readonly expected: readonly string[] },
): Promise<void> {
  const each = '{.type}={.status} {.reason}{"\\n"}';
  const path = `{range ${how.of}}${each}{end}`;
  await world.eventually(`${object} says ${how.expected.join(", ")}`, async () => {
    const told = await world.kubectl("get", object, "-o", `jsonpath=${path}`);
    return told.trim() === how.expected.join("\n");
  });
}

const ROUTE = `.status.parents[?(@.${OURS})].conditions[*]`;
const OBJECT = ".status.conditions[*]";
const HOLDS = ["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs"];

/** Scenarios of statuses. */
export const STATUSES: readonly Scenario[] = [
  {
    name: "INB12, OUT3: a route says that another kind holds in its place, and holds when that goes",
    run: async (world) => {
      const http = `httproutes.${GATEWAY}/told`;
      await world.apply(route("HTTPRoute", "told", "web"));
      await shows(world, http, { of: ROUTE, expected: HOLDS });
      await world.apply(route("GRPCRoute", "told", "nowhere"));
      await shows(world, `grpcroutes.${GATEWAY}/told`, {
        of: ROUTE,
        expected: ["Accepted=True Accepted", "ResolvedRefs=False BackendNotFound"],
      });
      const lost = ["Accepted=False RouteReasonConflicted", "ResolvedRefs=True ResolvedRefs"];
      await shows(world, http, { of: ROUTE, expected: lost });
      await world.kubectl("delete", `grpcroutes.${GATEWAY}/told`);
      await shows(world, http, { of: ROUTE, expected: HOLDS });
    },
  },
  {
    name: "INB12: of two rate limits of a Server the younger says that it does not hold",
    run: async (world) => {
      const limits = `httplocalratelimitpolicies.${POLICY}`;
      await world.apply(limit("told-a"));
      const none = { of: OBJECT, expected: ["Accepted=False NoMatchingTarget"] };
      await shows(world, `${limits}/told-a`, none);
      await world.apply(SERVER);
      await shows(world, `${limits}/told-a`, { of: OBJECT, expected: ["Accepted=True Accepted"] });
      await world.apply(limit("told-b"));
      const second = { of: OBJECT, expected: ["Accepted=False RateLimitReasonAlreadyExists"] };
      await shows(world, `${limits}/told-b`, second);
    },
  },
];
