/** Routes of Servers: what may be asked, by whom, and what is changed of it (INB9, INB10). */

import {
  authorization,
  byAccount,
  fields,
  GATEWAY,
  grpcRoute,
  httpRoute,
  linkerdRoute,
  type Manifest,
  POLICY,
  path,
  type Ref,
  server,
  toServer,
} from "../objects.ts";
import type { Place } from "../place.ts";
import { type Scenario, same } from "../scenario.ts";
import { WEB } from "../workloads.ts";
import type { World } from "../world.ts";

const VOTE = "/sample.v1.Voting/Vote";
const RESULTS = "/sample.v1.Voting/Results";
const ofRoute = (name: string, kind = "HTTPRoute", group = GATEWAY): Ref => ({ group, kind, name });

/** A Server with one route and authorizations, by a port of its own. */
async function routed(
  world: World,
  {
    rules,
    more = [],
    open = false,
  }: {
    readonly rules: readonly object[];
    readonly open?: boolean;
    readonly more?: readonly object[] | ((place: Place) => readonly object[]);
  },
): Promise<Place> {
  const place = world.place({ own: true });
  const guard = server(place.name, place.http, open ? { accessPolicy: "all-unauthenticated" } : {});
  const route = httpRoute(place.name, toServer(place.name), rules);
  await world.apply(
    place.service,
    guard,
    route,
    ...(typeof more === "function" ? more(place) : more),
  );
  return place;
}

/** Scenarios of inbound routes. */
export const INBOUND_ROUTES: readonly Scenario[] = [
  {
    name: "INB10: what no route of a Server takes is not found",
    run: async (world) => {
      const rules = [
        { matches: [{ ...path("/api"), method: "GET" }] },
        { matches: [fields("headers", { x: "1" })] },
      ];
      const { url, name } = await routed(world, { rules, open: true });
      await world.answers("client", `${url}/other`, 404);
      for (const [how, status] of [
        [{}, 200],
        [{ method: "PUT" }, 404],
        [{ method: "PUT", headers: ["x: 1"] }, 200],
      ] as const)
        same(JSON.stringify(how), (await world.ask("client", `${url}/api/x`, how)).status, status);
      const labels = { srv_name: name };
      const counted = await world.metric(WEB, "inbound_http_route_not_found_total", labels);
      same("counted", counted >= 2, true);
    },
  },
  {
    name: "INB6, INB10: each route has its own callers",
    quick: true,
    run: async (world) => {
      const place = world.place({ own: true });
      const route = (name: string, at: string): Manifest =>
        httpRoute(`${place.name}-${name}`, toServer(place.name), [{ matches: [path(at)] }]);
      await world.apply(
        ...[
          place.service,
          server(place.name, place.http),
          route("a", "/a"),
          route("b", "/b"),
          route("c", "/c"),
        ],
        authorization(`${place.name}-a`, ofRoute(`${place.name}-a`), [byAccount("client")]),
        authorization(`${place.name}-b`, ofRoute(`${place.name}-b`), [byAccount("other")]),
      );
      const { url } = place;
      await world.answers("client", `${url}/b`, 403);
      await world.answers("client", `${url}/a`, 200);
      await world.answers("other", `${url}/b`, 200);
      for (const [caller, at, status] of [
        ["other", "/a", 403],
        ["client", "/c", 403],
        ["outsider", "/a", 403],
        ["client", "/d", 404],
        ["client", "/a/x", 200],
      ] as const)
        same(`${caller} ${at}`, (await world.ask(caller, `${url}${at}`)).status, status);
    },
  },
  {
    name: "INB6: an authorization of the Server is for all of its routes",
    run: async (world) => {
      const { url } = await routed(world, {
        rules: [{ matches: [path("/a")] }],
        more: ({ name }) => [authorization(name, toServer(name), [byAccount("client")])],
      });
      await world.answers("client", `${url}/a`, 200);
      same("others", (await world.ask("other", `${url}/a`)).status, 403);
    },
  },
  {
    name: "INB10: Linkerd's own HTTPRoute of a Server, with an authorization of it",
    run: async (world) => {
      const place = world.place({ own: true });
      await world.apply(
        ...[place.service, server(place.name, place.http)],
        linkerdRoute(place.name, toServer(place.name), [{ matches: [path("/a")] }]),
        authorization(place.name, ofRoute(place.name, "HTTPRoute", POLICY), [byAccount("client")]),
      );
      await world.answers("client", `${place.url}/a`, 200);
      same("others", (await world.ask("other", `${place.url}/a`)).status, 403);
      same("another path", (await world.ask("client", `${place.url}/b`)).status, 404);
    },
  },
  {
    name: "INB6, INB10: a GRPCRoute of a Server lets callers make some calls",
    quick: true,
    run: async (world) => {
      const place = world.place({ own: true });
      const rules = [{ matches: [{ method: { service: "sample.v1.Voting", method: "Vote" } }] }];
      await world.apply(
        ...[place.service, server(place.name, place.grpc, { proxyProtocol: "gRPC" })],
        grpcRoute(place.name, toServer(place.name), rules),
        authorization(place.name, ofRoute(place.name, "GRPCRoute"), [byAccount("client")]),
      );
      const address = `${place.host}:9090`;
      const codes = async (caller: "client" | "other"): Promise<number[]> =>
        (await world.calls(caller, address, { path: VOTE }, { path: RESULTS })).map(
          ({ code }) => code,
        );
      await world.eventually("the client's calls", async () =>
        Bun.deepEquals(await codes("client"), [0, 5]),
      );
      same("others' calls", await codes("other"), [7, 5]);
    },
  },
  {
    name: "INB10, P21: routes of a Server change requests",
    run: async (world) => {
      const set = { set: [{ name: "x-rule", value: "inbound" }] };
      const filters = [{ type: "RequestHeaderModifier", requestHeaderModifier: set }];
      const { url } = await routed(world, {
        rules: [{ matches: [path("/a")], filters }],
        open: true,
      });
      await world.answers("client", `${url}/b`, 404);
      same("what comes", (await world.echo("client", `${url}/a`)).headers["x-rule"], "inbound");
    },
  },
  {
    name: "INB10, ERR13: routes of a Server redirect",
    run: async (world) => {
      const requestRedirect = { hostname: "example.org", statusCode: 301 };
      const filters = [{ type: "RequestRedirect", requestRedirect }];
      const { url } = await routed(world, {
        rules: [{ matches: [path("/a")], filters }],
        open: true,
      });
      await world.answers("client", `${url}/b`, 404);
      const { status, headers } = await world.ask("client", `${url}/a/x?y`);
      same("the answer", [status, headers["location"]], [301, "http://example.org/a/x?y"]);
    },
  },
  {
    name: "S15: a rule of a Server's route that cannot be read lets nothing through, others hold",
    run: async (world) => {
      const mirror = {
        type: "RequestMirror",
        requestMirror: { backendRef: { name: "web-v2", port: 80 } },
      };
      const rules = [
        { matches: [path("/known")] },
        { matches: [path("/mirror")], filters: [mirror] },
      ];
      const { url } = await routed(world, { rules, open: true });
      await world.answers("client", `${url}/other`, 404);
      same("the known rule", (await world.ask("client", `${url}/known`)).status, 200);
      const status = (await world.ask("client", `${url}/mirror`)).status;
      same("the other is refused", status >= 400, true);
    },
  },
];
