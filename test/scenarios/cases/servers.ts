/** Servers: which pods and ports they are for, whom they let through by themselves, what is told of those who are denied (INB2, INB4, INB8). */

import { ALL, identity, letThrough, MESHED, required } from "../callers.ts";
import { byAccount, type Manifest, server } from "../objects.ts";
import { type Scenario, same, within } from "../scenario.ts";
import { WEB } from "../workloads.ts";

/** Scenarios of Servers. */
export const SERVERS: readonly Scenario[] = [
  {
    name: "INB4: a Server's accessPolicy lets through whom no authorization names",
    run: async (world) => {
      const place = world.place({ own: true });
      const guard = (accessPolicy: string): Manifest =>
        server(place.name, place.http, { accessPolicy });
      await world.apply(place.service, guard("all-authenticated"));
      await letThrough(world, place, MESHED);
      await world.apply(guard("all-unauthenticated"));
      await letThrough(world, place, ALL);
      await world.apply(guard("deny"), required(place, byAccount("other")));
      await letThrough(world, place, { other: 200 });
    },
  },
  {
    name: "INB8: accessPolicy audit lets everybody through, and says who would not have been",
    run: async (world) => {
      const place = world.place({ own: true });
      const guard = server(place.name, place.http, { accessPolicy: "audit" });
      await world.apply(place.service, guard, required(place, byAccount("client")));
      const audited = (client_id: string) =>
        world.metric(WEB, "inbound_http_authz_allow_total", {
          ...{ srv_name: place.name, authz_name: "audit", client_id },
        });
      await world.eventually("others are audited", async () => {
        same("the status", (await world.ask("other", place.url)).status, 200);
        return (await audited(identity("other"))) > 0;
      });
      same("the client", (await world.ask("client", place.url)).status, 200);
      same("who is allowed is not audited", await audited(identity("client")), 0);
    },
  },
  {
    name: "INB2: a Server may name a port as the pod does",
    run: async (world) => {
      await world.apply(server("by-name", "grpc"));
      const address = "web.scenario.svc.cluster.local:9090";
      await world.eventually("calls are denied", async () => {
        const [answer] = await world.calls("client", address, { path: "/sample.v1.Voting/Vote" });
        return answer?.code === 7 && answer.details === "unauthorized request on route";
      });
      await world.kubectl("delete", "servers.policy.linkerd.io", "by-name");
      await world.eventually("calls are let through", async () => {
        const [answer] = await world.calls("client", address, { path: "/sample.v1.Voting/Vote" });
        return answer?.code === 0;
      });
    },
  },
  {
    name: "INB2: a Server is for the pods that it selects, and for its port alone",
    run: async (world) => {
      const place = world.place({ own: true, selector: { app: "web" } });
      const podSelector = {
        matchExpressions: [{ key: "instance", operator: "In", values: ["web-v1", "web-v2"] }],
      };
      await world.apply(place.service, server(place.name, place.http, { podSelector }));
      await world.eventually("two of three deny", async () => {
        const answers = await world.many("client", place.url, 60);
        const names = new Set(answers.map(({ status, backend }) => `${status} ${backend}`));
        return Bun.deepEquals([...names].toSorted(), ["200 web-v3", "403 "]);
      });
      same(
        "another port",
        (await world.ask("client", "http://web.scenario.svc.cluster.local")).status,
        200,
      );
    },
  },
  {
    name: "ERR3, MET9: who is denied hears why, if it is meshed, and is counted",
    quick: true,
    run: async (world) => {
      const place = world.place({ own: true });
      await world.apply(
        place.service,
        server(place.name, place.http),
        required(place, byAccount("client")),
      );
      await letThrough(world, place, { client: 200 });
      const counted = (what: string) =>
        world.metric(WEB, `inbound_http_authz_${what}_total`, {
          srv_name: place.name,
          srv_kind: "server",
        });
      const [allowed, denied] = [await counted("allow"), await counted("deny")];
      const other = await world.ask("other", place.url);
      same(
        "meshed",
        [other.status, other.headers["l5d-proxy-error"]],
        [403, "unauthorized request on route"],
      );
      const outsider = await world.ask("outsider", place.url);
      same("not meshed", [outsider.status, outsider.headers["l5d-proxy-error"]], [403, undefined]);
      same("the client", (await world.ask("client", place.url)).status, 200);
      same("denied", (await counted("deny")) - denied, 2);
      same("allowed", (await counted("allow")) - allowed, 1);
      const labels = {
        authz_kind: "authorizationpolicy",
        authz_name: place.name,
        srv_name: place.name,
      };
      within(
        "by that policy",
        await world.metric(WEB, "inbound_http_authz_allow_total", labels),
        [1, 1e9],
      );
    },
  },
  {
    name: "INB6: an authorization that goes takes its callers with it, a Server that goes brings all back",
    quick: true,
    run: async (world) => {
      const place = world.place({ own: true });
      const [guard, policy] = [
        server(place.name, place.http),
        required(place, byAccount("client")),
      ];
      await world.apply(place.service, guard, policy);
      await letThrough(world, place, { client: 200 });
      await world.remove(policy);
      await letThrough(world, place, {});
      await world.remove(guard);
      await letThrough(world, place, ALL);
    },
  },
];
