/** What kubectl shows of routes and policies: whether they hold, and if not why. */

import {
  egressNetwork,
  GATEWAY,
  grpcRoute,
  httpRoute,
  POLICY,
  path,
  tcpRoute,
  tlsRoute,
  to,
} from "../objects.ts";
import { type Scenario, same } from "../scenario.ts";
import type { World } from "../world.ts";

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
  let told = "";
  await world
    .eventually("its status", async () => {
      told = (await world.kubectl("get", object, "-o", `jsonpath=${path}`)).trim();
      return told === how.expected.join("\n");
    })
    .catch((error: unknown) => {
      throw new Error(`${object} says ${told}, not ${how.expected.join(", ")}: ${error}`);
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
    name: "S9, OUT3: of four kinds of routes on one port each says so that it does not hold, and holds when those before it are gone",
    run: async (world) => {
      const place = world.place();
      const rules = [{ backendRefs: [to("web-v2", undefined, { port: 7070 })] }];
      const kinds = {
        GRPCRoute: grpcRoute,
        HTTPRoute: httpRoute,
        TLSRoute: tlsRoute,
        TCPRoute: tcpRoute,
      };
      const routes = Object.entries(kinds).map(([kind, make]) => ({
        object: `${kind.toLowerCase()}s.${GATEWAY}/${place.name}`,
        route: make(
          place.name,
          place.parent(7070),
          rules,
          kind === "TLSRoute" ? { hostnames: ["*.test"] } : {},
        ),
      }));
      await world.apply(place.service, ...routes.map(({ route: each }) => each));
      const lost = ["Accepted=False RouteReasonConflicted", "ResolvedRefs=True ResolvedRefs"];
      for (const [at, { object, route: first }] of routes.entries()) {
        await shows(world, object, { of: ROUTE, expected: HOLDS });
        for (const { object: other } of routes.slice(at + 1))
          await shows(world, other, { of: ROUTE, expected: lost });
        if (at < routes.length - 1) await world.remove(first);
      }
      await world.eventually("the last of them leads where it says", async () => {
        const lines = await world.talk("client", `${place.host}:7070`, { count: 5 });
        return lines.every((line) => line === "web-v2 hello");
      });
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
  {
    name: "S3, INB12: a route says that its parent is not there, its port, or a Service without an address, and what becomes of it",
    quick: true,
    run: async (world) => {
      const place = world.place();
      const rules = [{ backendRefs: [to("web-v1")] }];
      const none = ["Accepted=False NoMatchingParent", "ResolvedRefs=True ResolvedRefs"];
      const object = `httproutes.${GATEWAY}/${place.name}`;
      await world.apply(httpRoute(place.name, place.parent(), rules));
      await shows(world, object, { of: ROUTE, expected: none });
      await world.apply(place.service);
      await shows(world, object, { of: ROUTE, expected: HOLDS });
      await world.apply(httpRoute(place.name, place.parent(4242), rules));
      await shows(world, object, { of: ROUTE, expected: none });
    },
  },
  {
    name: "S16: routes of headless Services and of names elsewhere are refused, and what goes there is not touched",
    run: async (world) => {
      const rules = [{ matches: [path("/none")], backendRefs: [to("web-v1")] }];
      const spec = { ports: [{ name: "http", port: 8080, targetPort: 8080 }] };
      const headless = { ...spec, clusterIP: "None", selector: { instance: "web-v2" } };
      const made = (name: string, its: object) => ({
        ...{ apiVersion: "v1", kind: "Service", metadata: { name }, spec: its },
      });
      const parent = (name: string) => ({ group: "", kind: "Service", name, port: 8080 });
      await world.apply(
        made("headless", headless),
        made("elsewhere", { type: "ExternalName", externalName: "example.org", ...spec }),
        httpRoute("headless", parent("headless"), rules),
        httpRoute("elsewhere", parent("elsewhere"), rules),
      );
      const none = ["Accepted=False NoMatchingParent", "ResolvedRefs=True ResolvedRefs"];
      for (const name of ["headless", "elsewhere"])
        await shows(world, `httproutes.${GATEWAY}/${name}`, { of: ROUTE, expected: none });
      const address = await world.names.pod("web-v2");
      const url = "http://headless.scenario.svc.cluster.local:8080/any";
      same(
        "a pod by its name",
        (await world.ask("client", url, { address })).headers["x-backend"],
        "web-v2",
      );
    },
  },
  {
    name: "S3, INB12: a backend's kind and its being there are told, and told anew when it comes",
    run: async (world) => {
      const [place, late] = [world.place(), world.place()];
      const object = `httproutes.${GATEWAY}/${place.name}`;
      const route = (backend: object) =>
        httpRoute(place.name, place.parent(), [{ backendRefs: [backend] }]);
      await world.apply(place.service, route(to(late.name)));
      const is = (why: string) => ({
        of: ROUTE,
        expected: ["Accepted=True Accepted", `ResolvedRefs=${why}`],
      });
      await shows(world, object, is("False BackendNotFound"));
      await world.apply(late.service);
      await shows(world, object, is("True ResolvedRefs"));
      await world.apply(route({ group: "none.test", kind: "Service", name: "web-v1", port: 80 }));
      await shows(world, object, is("False InvalidKind"));
    },
  },
  {
    name: "S3: what others say of a route is left as it is, what is ours goes with its parent",
    run: async (world) => {
      const place = world.place();
      const [object, rules] = [
        `httproutes.${GATEWAY}/${place.name}`,
        [{ backendRefs: [to("web-v1")] }],
      ];
      await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
      await shows(world, object, { of: ROUTE, expected: HOLDS });
      const now = new Date().toISOString();
      const condition = {
        type: "Accepted",
        status: "True",
        reason: "Theirs",
        message: "",
        lastTransitionTime: now,
      };
      const theirs = {
        ...{ controllerName: "example.org/gateway", conditions: [condition] },
        parentRef: { group: GATEWAY, kind: "Gateway", name: "front" },
      };
      const add = [{ op: "add", path: "/status/parents/-", value: theirs }];
      await world.kubectl(
        "patch",
        object,
        "--subresource=status",
        "--type=json",
        "-p",
        JSON.stringify(add),
      );
      const front = { group: GATEWAY, kind: "Gateway", name: "front" };
      await world.apply(httpRoute(place.name, front, rules));
      await world.eventually("only theirs is left", async () => {
        const format =
          '{range .status.parents[*]}{.controllerName} {.conditions[*].reason}{"\\n"}{end}';
        const told = await world.kubectl("get", object, "-o", `jsonpath=${format}`);
        return told.trim() === "example.org/gateway Theirs";
      });
    },
  },
  {
    name: "S3: the generation that a condition speaks of is the route's",
    run: async (world) => {
      const place = world.place();
      const object = `httproutes.${GATEWAY}/${place.name}`;
      const told = async (): Promise<string> =>
        await world.kubectl(
          "get",
          object,
          "-o",
          "jsonpath={.metadata.generation} {.status.parents[*].conditions[*].observedGeneration}",
        );
      await world.apply(place.service);
      for (const backend of ["web-v1", "web-v2", "web-v3"]) {
        await world.apply(httpRoute(place.name, place.parent(), [{ backendRefs: [to(backend)] }]));
        await world.eventually("the generation", async () => {
          const [own, ...observed] = (await told()).trim().split(" ");
          return observed.length === 2 && observed.every((each) => each === own);
        });
      }
      same("the last one", (await told()).trim(), "3 3 3");
    },
  },
  {
    name: "INB12: of EgressNetworks with the same networks the younger says that it does not hold",
    run: async (world) => {
      const networks = [{ cidr: "203.0.113.0/24" }];
      const made = (name: string) => egressNetwork(name, { trafficPolicy: "Allow", networks });
      const egress = `egressnetworks.${POLICY}`;
      await world.apply(made("egress-a"));
      await shows(world, `${egress}/egress-a`, {
        of: OBJECT,
        expected: ["Accepted=True Accepted"],
      });
      await world.apply(
        made("egress-b"),
        egressNetwork("egress-c", { trafficPolicy: "Allow", networks: [{ cidr: "10.0.0.0/8" }] }),
      );
      const overlap = { of: OBJECT, expected: ["Accepted=False EgressReasonNetworkOverlap"] };
      await shows(world, `${egress}/egress-b`, overlap);
      await shows(world, `${egress}/egress-c`, overlap);
    },
  },
];
