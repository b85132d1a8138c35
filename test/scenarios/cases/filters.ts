/** What rules and their backends change of requests and answers (P21). */

import { httpRoute, linkerdRoute, path, to } from "../objects.ts";
import type { Place } from "../place.ts";
import { type Scenario, same } from "../scenario.ts";
import type { Echo, World } from "../world.ts";

type Change = {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
};

const listed = (pairs: Readonly<Record<string, string>> = {}): object[] =>
  Object.entries(pairs).map(([name, value]) => ({ name, value }));

/** A filter of requests or of answers. */
const change = (on: "Request" | "Response", { set, add, remove = [] }: Change): object => ({
  type: `${on}HeaderModifier`,
  [`${on.toLowerCase()}HeaderModifier`]: { set: listed(set), add: listed(add), remove },
});

async function routed(world: World, rules: readonly object[], make = httpRoute): Promise<Place> {
  const place = world.place();
  const settled = { matches: [path("=/settled")], backendRefs: [to("web-v3")] };
  await world.apply(place.service, make(place.name, place.parent(), [settled, ...rules]));
  await world.table(
    "client",
    place.url,
    ["", ""].map(() => ({ path: "/settled", is: "web-v3" })),
  );
  return place;
}

const picked = ({ headers }: Pick<Echo, "headers">, ...names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, headers[name]]));

/** The conformance tests' rules of headers: what is asked for, with what, and what the backend sees. */
const HEADERS: readonly {
  readonly path: string;
  readonly change: Change;
  readonly asked: readonly string[];
  readonly seen: Readonly<Record<string, string | undefined>>;
}[] = [
  {
    path: "/set",
    change: { set: { "X-Header-Set": "set-overwrites-values" } },
    asked: [],
    seen: { "x-header-set": "set-overwrites-values" },
  },
  {
    path: "/set",
    change: { set: { "X-Header-Set": "set-overwrites-values" } },
    asked: ["X-Header-Set: some-other-value"],
    seen: { "x-header-set": "set-overwrites-values" },
  },
  {
    path: "/add",
    change: { add: { "X-Header-Add": "add-appends-values" } },
    asked: [],
    seen: { "x-header-add": "add-appends-values" },
  },
  {
    path: "/add",
    change: { add: { "X-Header-Add": "add-appends-values" } },
    asked: ["X-Header-Add: some-other-value"],
    seen: { "x-header-add": "some-other-value, add-appends-values" },
  },
  {
    path: "/remove",
    change: { remove: ["X-Header-Remove"] },
    asked: ["X-Header-Remove: val", "Another-Header: kept"],
    seen: { "x-header-remove": undefined, "another-header": "kept" },
  },
  {
    path: "/multiple",
    change: {
      set: { "X-Header-Set-1": "header-set-1", "X-Header-Set-2": "header-set-2" },
      add: { "X-Header-Add-1": "header-add-1", "X-Header-Add-2": "header-add-2" },
      remove: ["X-Header-Remove-1", "X-Header-Remove-2"],
    },
    asked: ["X-Header-Add-2: add-val-2", "X-Header-Set-2: old", "X-Header-Remove-1: val"],
    seen: {
      "x-header-set-1": "header-set-1",
      "x-header-set-2": "header-set-2",
      "x-header-add-1": "header-add-1",
      "x-header-add-2": "add-val-2, header-add-2",
      "x-header-remove-1": undefined,
      "x-header-remove-2": undefined,
    },
  },
  {
    path: "/case-insensitivity",
    change: {
      set: { "X-Header-Set": "header-set" },
      add: { "X-Header-Add": "header-add" },
      remove: ["X-Header-Remove"],
    },
    asked: ["x-header-set: old", "x-header-add: original", "x-header-remove: val"],
    seen: {
      "x-header-set": "header-set",
      "x-header-add": "original, header-add",
      "x-header-remove": undefined,
    },
  },
];

/** The same changes of requests, by rules or by their backends, over either version of HTTP. */
const ofRequests = (where: "rules" | "backends", http2: boolean): Scenario => ({
  name: `P21: ${where} set, add and remove headers of requests, over ${http2 ? "HTTP/2" : "HTTP/1.1"}`,
  ...(where === "rules" && !http2 && { quick: true }),
  run: async (world) => {
    const paths = new Map(HEADERS.map(({ path: at, change: its }) => [at, its]));
    const place = await routed(
      world,
      [...paths].map(([prefix, its]) => {
        const filters = [change("Request", its)];
        return where === "rules"
          ? { matches: [path(prefix)], filters, backendRefs: [to("web-v1")] }
          : { matches: [path(prefix)], backendRefs: [to("web-v1", undefined, { filters })] };
      }),
    );
    for (const { path: at, asked, seen } of HEADERS) {
      const echo = await world.echo("client", `${place.url}${at}`, { headers: asked, http2 });
      same(`${at} with ${asked.join(", ")}`, picked(echo, ...Object.keys(seen)), seen);
    }
  },
});

/** Scenarios of filters. */
export const FILTERS: readonly Scenario[] = [
  ofRequests("rules", false),
  ofRequests("rules", true),
  ofRequests("backends", false),
  ofRequests("backends", true),
  {
    name: "P21: rules and backends set, add and remove headers of answers",
    run: async (world) => {
      const ofRule = change("Response", {
        set: { "X-From": "rule" },
        add: { "X-Added": "rule" },
        remove: ["Content-Type"],
      });
      const ofBackend = change("Response", { set: { "X-From": "backend" } });
      const place = await routed(world, [
        { matches: [path("/rule")], filters: [ofRule], backendRefs: [to("web-v1")] },
        {
          matches: [path("/backend")],
          backendRefs: [to("web-v1", undefined, { filters: [ofBackend] })],
        },
      ]);
      for (const http2 of [false, true]) {
        const rule = await world.ask("client", `${place.url}/rule`, { http2 });
        same("of the rule", picked(rule, "x-from", "x-added", "content-type"), {
          ...{ "x-from": "rule", "x-added": "rule", "content-type": undefined },
        });
        const backend = await world.ask("client", `${place.url}/backend`, { http2 });
        same("of the backend", picked(backend, "x-from"), { "x-from": "backend" });
      }
    },
  },
  {
    name: "a rule's filters come before those of the backend that was chosen",
    run: async (world) => {
      const of = (value: string): object =>
        change("Request", { set: { "x-last": value }, add: { "x-all": value } });
      const place = await routed(world, [
        {
          filters: [of("rule")],
          backendRefs: [
            to("web-v1", 1, { filters: [of("one")] }),
            to("web-v2", 1, { filters: [of("two")] }),
          ],
        },
      ]);
      const seen = new Set<string>();
      await world.eventually("both backends", async () => {
        const echo = await world.echo("client", place.url);
        const which = echo.name === "web-v1" ? "one" : "two";
        same(`headers at ${echo.name}`, picked(echo, "x-last", "x-all"), {
          ...{ "x-last": which, "x-all": `rule, ${which}` },
        });
        return seen.add(echo.name).size === 2;
      });
    },
  },
  {
    name: "a header that a filter sets is not one that the route goes by",
    run: async (world) => {
      const place = await routed(world, [
        {
          matches: [path("/a")],
          filters: [change("Request", { set: { version: "two" } })],
          backendRefs: [to("web-v1")],
        },
        {
          matches: [{ headers: [{ name: "version", value: "two" }] }],
          backendRefs: [to("web-v2")],
        },
      ]);
      const { name, headers } = await world.echo("client", `${place.url}/a`);
      same("who answers, with what", [name, headers["version"]], ["web-v1", "two"]);
    },
  },
  {
    name: "Linkerd's own HTTPRoute changes requests, and answers of backends",
    run: async (world) => {
      const filters = [change("Request", { set: { "x-rule": "1" } })];
      const ofBackend = [change("Response", { set: { "x-from": "backend" } })];
      const backendRefs = [to("web-v1", undefined, { filters: ofBackend })];
      const place = await routed(world, [{ filters, backendRefs }], linkerdRoute);
      const { headers, body } = await world.ask("client", place.url);
      const echo = JSON.parse(body) as Echo;
      same("both", [echo.headers["x-rule"], headers["x-from"]], ["1", "backend"]);
    },
  },
  {
    name: "HDR1, WIRE13: what only the mesh writes is taken from whoever asks with it",
    run: async (world) => {
      const place = await routed(world, [{ backendRefs: [to("web-v1")] }]);
      const headers = ["l5d-client-id: nobody", "l5d-orig-proto: HTTP/1.0"];
      const echo = await world.echo("client", place.url, { headers });
      same("what comes", picked(echo, "l5d-client-id", "l5d-orig-proto"), {
        "l5d-client-id": "client.scenario.serviceaccount.identity.linkerd.cluster.local",
        "l5d-orig-proto": undefined,
      });
      const outside = await world.echo("outsider", place.url, { headers });
      same("of an outsider", picked(outside, "l5d-client-id"), { "l5d-client-id": undefined });
    },
  },
  {
    name: "S15: a rule with a filter that is not known refuses what it takes, others hold, and the route says so",
    quick: true,
    run: async (world) => {
      const mirror = {
        type: "RequestMirror",
        requestMirror: { backendRef: { name: "web-v2", port: 80 } },
      };
      const place = world.place();
      const rules = [
        { matches: [path("/known")], backendRefs: [to("web-v1")] },
        { matches: [path("/mirror")], filters: [mirror], backendRefs: [to("web-v1")] },
      ];
      await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
      await world.table("client", place.url, [
        { path: "/known", is: "web-v1" },
        { path: "/mirror", is: 500 },
        { path: "/other", is: 404 },
      ]);
      const each =
        '{range .status.parents[*].conditions[*]}{.type}={.status} {.reason}{"\\n"}{end}';
      await world.eventually("its status", async () => {
        const told = await world.kubectl(
          "get",
          "httproutes.gateway.networking.k8s.io",
          place.name,
          "-o",
          `jsonpath=${each}`,
        );
        return told.includes("Accepted=True Accepted") && /PartiallyInvalid=True/.test(told);
      });
    },
  },
];
