/** What proxies count of routes, backends and policies: as many as were asked. */

import { grpcRoute, httpRoute, path, server, to, toServer } from "../objects.ts";
import { ONE } from "../place.ts";
import { type Scenario, same } from "../scenario.ts";

type Labels = Readonly<Record<string, string>>;
const VOTE = "/sample.v1.Voting/Vote";

/** Scenarios of metrics. */
export const METRICS: readonly Scenario[] = [
  {
    name: "MET24, MET27, MET29: requests are counted by their route and its backends, to the request",
    quick: true,
    run: async (world) => {
      const place = world.place();
      const rules = [
        { matches: [path("/one")], backendRefs: [to("web-v1")] },
        { matches: [path("/both")], backendRefs: [to("web-v1"), to("web-v2")] },
      ];
      await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
      await world.answers("client", `${place.url}/none`, 404);
      const counted = async (what: string, labels: Labels = {}): Promise<number> =>
        await world.metric(["client"], `outbound_http_route_${what}_total`, {
          ...{ parent_name: place.name, route_name: place.name },
          ...labels,
        });
      await world.many("client", `${place.url}/one`, 20);
      await world.many("client", `${place.url}/one?status=418`, 5);
      const both = await world.many("client", `${place.url}/both`, 30);
      const first = both.filter(({ backend }) => backend === "web-v1").length;
      same("of the route", await counted("request_statuses"), 55);
      same("of them 200", await counted("request_statuses", { http_status: "200" }), 50);
      same("of them 418", await counted("request_statuses", { http_status: "418" }), 5);
      const at = (backend: string, more: Labels = {}) => ({ backend_name: backend, ...more });
      same("of the first", await counted("backend_requests", at("web-v1")), 25 + first);
      same("of the second", await counted("backend_requests", at("web-v2")), 30 - first);
      const teapots = at("web-v1", { http_status: "418" });
      same("its 418", await counted("backend_response_statuses", teapots), 5);
    },
  },
  {
    name: "MET24, MET27: calls are counted by their route, backend and status",
    run: async (world) => {
      const place = world.place();
      const backendRefs = [to("web-v2", undefined, { port: 9090 })];
      const rules = [{ matches: [{ method: { service: "sample.v1.Voting" } }], backendRefs }];
      await world.apply(place.service, grpcRoute(place.name, place.parent(9090), rules));
      const address = `${place.host}:9090`;
      await world.eventually("the route holds", async () => {
        const [answer] = await world.calls("client", address, { path: "/none.of/These" });
        return answer?.code === 5;
      });
      await world.calls(
        ...(["client", address] as const),
        { path: VOTE, times: 7 },
        { path: VOTE, metadata: { code: "13" }, times: 3 },
      );
      const counted = async (what: string, labels: Labels): Promise<number> =>
        await world.metric(["client"], `outbound_grpc_route_${what}_total`, {
          ...{ parent_name: place.name, route_name: place.name },
          ...labels,
        });
      same("good", await counted("request_statuses", { grpc_status: "OK" }), 7);
      same("not good", await counted("request_statuses", { grpc_status: "INTERNAL" }), 3);
      same("of the backend", await counted("backend_requests", { backend_name: "web-v2" }), 10);
    },
  },
  {
    name: "MET15, MET16: what comes in is counted by Server and route, with its statuses",
    run: async (world) => {
      const place = world.place({ own: true });
      const guard = server(place.name, place.http, { accessPolicy: "all-unauthenticated" });
      const route = httpRoute(place.name, toServer(place.name), [{ matches: [path("/in")] }]);
      await world.apply(place.service, guard, route);
      await world.answers("client", `${place.url}/out`, 404);
      await world.many("client", `${place.url}/in`, 12);
      await world.many("outsider", `${place.url}/in?status=500`, 3);
      const counted = async (what: string, labels: Labels = {}): Promise<number> =>
        await world.metric([ONE], `inbound_http_${what}_total`, {
          ...{ parent_name: place.name, route_name: place.name },
          ...labels,
        });
      same("requests", await counted("requests"), 15);
      same("of them 200", await counted("statuses", { status: "200" }), 12);
      same("of them 500", await counted("statuses", { status: "500" }), 3);
    },
  },
];
