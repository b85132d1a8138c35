/** Which of several rules takes a request that all of them would take (P24). */

import { fields, grpcRoute, httpRoute, path, to } from "../objects.ts";
import { type Scenario, same } from "../scenario.ts";
import type { Row, World } from "../world.ts";

type Case = Pick<Scenario, "name" | "quick"> & {
  readonly rules: readonly object[];
  readonly rows: readonly Row[];
};

const headers = (count: number): object =>
  fields(
    "headers",
    Object.fromEntries(["a", "b", "c"].slice(0, count).map((name) => [`x-${name}`, "1"])),
  );
const queries = (count: number): object =>
  fields(
    "queryParams",
    Object.fromEntries(["q", "r", "s"].slice(0, count).map((name) => [name, "1"])),
  );
const ALL_HEADERS = ["x-a: 1", "x-b: 1", "x-c: 1"];

const rule = (backend: string, ...matches: readonly object[]): object => ({
  matches,
  backendRefs: [to(backend)],
});

const CASES: readonly Case[] = [
  {
    name: "S4, P24: an exact path comes before a prefix, a longer prefix before a shorter one, whatever their order",
    quick: true,
    rules: [
      rule("web-v1", path("/")),
      rule("web-v2", path("/a/b")),
      rule("web-v1", path("/a")),
      rule("web-v3", path("=/a/b/c")),
    ],
    rows: [
      { path: "/a/b/c", is: "web-v3" },
      { path: "/a/b/c/d", is: "web-v2" },
      { path: "/a/b", is: "web-v2" },
      { path: "/a/x", is: "web-v1" },
      { path: "/", is: "web-v1" },
    ],
  },
  {
    name: "S4, P24: an exact path comes before a pattern, a pattern before a prefix",
    rules: [
      rule("web-v1", path("/one/two/three")),
      rule("web-v2", path("~/one/.*")),
      rule("web-v3", path("=/one/two/three/four")),
    ],
    rows: [
      { path: "/one/two/three/four", is: "web-v3" },
      { path: "/one/two/three", is: "web-v2" },
      { path: "/one/x", is: "web-v2" },
    ],
  },
  {
    name: "S4, P24: with equal paths more headers come first",
    rules: [rule("web-v1", headers(1)), rule("web-v3", headers(3)), rule("web-v2", headers(2))],
    rows: [
      { headers: ALL_HEADERS, is: "web-v3" },
      { headers: ALL_HEADERS.slice(0, 2), is: "web-v2" },
      { headers: ALL_HEADERS.slice(0, 1), is: "web-v1" },
    ],
  },
  {
    name: "S4, P24: with equal headers more queries come first",
    rules: [rule("web-v1", queries(1)), rule("web-v3", queries(3)), rule("web-v2", queries(2))],
    rows: [
      { path: "/?q=1&r=1&s=1", is: "web-v3" },
      { path: "/?q=1&s=1&r=1", is: "web-v3" },
      { path: "/?q=1&r=1", is: "web-v2" },
      { path: "/?q=1", is: "web-v1" },
    ],
  },
  {
    name: "S4, P24: a longer path comes before headers, a header before queries, a query before the method",
    rules: [
      rule("web-v1", { method: "GET" }),
      rule("web-v2", queries(1)),
      rule("web-v3", headers(1)),
      rule("web-v1", path("/long")),
    ],
    rows: [
      { path: "/?q=1", headers: ["x-a: 1"], is: "web-v3" },
      { path: "/?q=1", is: "web-v2" },
      { path: "/", is: "web-v1" },
      { path: "/long?q=1", headers: ["x-a: 1"], is: "web-v1" },
      { path: "/?q=1", method: "POST", is: "web-v2" },
    ],
  },
  {
    name: "S4, P24: it is a match that counts, not its rule",
    rules: [
      rule("web-v1", path("/"), path("=/a/b")),
      rule("web-v2", path("/a"), fields("headers", { "x-a": "1" })),
    ],
    rows: [
      { path: "/a/b", is: "web-v1" },
      { path: "/a/c", is: "web-v2" },
      { path: "/x", headers: ["x-a: 1"], is: "web-v2" },
      { path: "/x", is: "web-v1" },
    ],
  },
  {
    name: "S4, P24: of equal rules of a route the first takes it",
    rules: [rule("web-v3", path("/a")), rule("web-v1", path("/a")), rule("web-v2", path("/a"))],
    rows: [
      { path: "/a", is: "web-v3" },
      { path: "/a/b", is: "web-v3" },
    ],
  },
];

const tabled = ({ name, quick, rules, rows }: Case): Scenario => ({
  ...{ name, ...(quick === true && { quick }) },
  run: async (world) => {
    const place = world.place();
    await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
    await world.table("client", place.url, rows);
  },
});

/** Objects are as old as the second in which they were made. */
async function nextSecond(world: World): Promise<void> {
  const second = (): number => Math.floor(Date.now() / 1000);
  const before = second();
  await world.eventually("the next second", async () => second() > before);
}

/** Scenarios of precedence. */
export const PRECEDENCE: readonly Scenario[] = [
  ...CASES.map(tabled),
  {
    name: "S4, P24, OUT3: of equal rules of several routes the older route's takes it, of routes of one age that with the first name",
    run: async (world) => {
      const [aged, named] = [world.place(), world.place()];
      const of = (place: typeof aged, name: string, backend: string) =>
        httpRoute(`${place.name}-${name}`, place.parent(), [rule(backend, path("/a"))]);
      await world.apply(aged.service, of(aged, "z", "web-v1"));
      await world.table("client", aged.url, [{ path: "/a", is: "web-v1" }]);
      await nextSecond(world);
      await world.apply(
        of(aged, "a", "web-v2"),
        named.service,
        of(named, "b", "web-v1"),
        of(named, "a", "web-v3"),
      );
      const seconds = (
        await world.kubectl(
          ...["get", "httproutes.gateway.networking.k8s.io", `${named.name}-a`, `${named.name}-b`],
          ...["-o", "jsonpath={.items[*].metadata.creationTimestamp}"],
        )
      ).split(" ");
      same("they are of one age", new Set(seconds).size, 1);
      await world.table("client", named.url, [{ path: "/a", is: "web-v3" }]);
      await world.table("client", aged.url, [{ path: "/a", is: "web-v1" }]);
    },
  },
  {
    name: "S4, P24: rules of several routes are weighed together",
    run: async (world) => {
      const place = world.place();
      await world.apply(
        place.service,
        httpRoute(`${place.name}-a`, place.parent(), [
          rule("web-v1", path("/")),
          rule("web-v1", path("/a/b")),
        ]),
        httpRoute(`${place.name}-b`, place.parent(), [
          rule("web-v2", path("/a")),
          rule("web-v2", headers(1)),
        ]),
      );
      await world.table("client", place.url, [
        { path: "/a/x", is: "web-v2" },
        { path: "/a/b/c", is: "web-v1" },
        { path: "/x", is: "web-v1" },
        { path: "/x", headers: ["x-a: 1"], is: "web-v2" },
      ]);
    },
  },
  {
    name: "S9, OUT3: a GRPCRoute holds in an HTTPRoute's place, and the HTTPRoute when that is gone",
    quick: true,
    run: async (world) => {
      const place = world.place();
      // Where there is a GRPCRoute nothing but HTTP/2 is spoken.
      const pinned: Row = { http2: true, is: "web-v1" };
      const http = httpRoute(place.name, place.parent(), [{ backendRefs: [to("web-v1")] }]);
      const grpc = grpcRoute(place.name, place.parent(), [
        { matches: [{ method: { service: "none.of.These" } }], backendRefs: [to("web-v2")] },
      ]);
      await world.apply(place.service, http);
      await world.table("client", place.url, [pinned, pinned]);
      await world.apply(grpc);
      await world.answers("client", place.url, 404, { http2: true });
      await world.remove(grpc);
      await world.table("client", place.url, [pinned, pinned]);
    },
  },
];
