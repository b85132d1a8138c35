/** Whose requests meet a route: by Service and port, from pods of the mesh, while it is there (S5, S14). */

import { httpRoute, linkerdRoute, path, to } from "../objects.ts";
import { type Scenario, same } from "../scenario.ts";

/** Scenarios of routes' frontends. */
export const FRONTENDS: readonly Scenario[] = [
  {
    name: "S5, OUT5: without a route every request goes to the Service",
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service);
      await world.answers("client", `${place.url}/any/path`, 200);
      const names = new Set<string>();
      await world.eventually("all pods answer", async () => {
        for (const { backend } of await world.many("client", place.url, 30)) names.add(backend);
        return names.size >= 3;
      });
      same("who answers", [...names].toSorted(), ["web-v1", "web-v2", "web-v3"]);
    },
  },
  {
    name: "S5, P25, ERR1: what no route takes is not found, and says so",
    quick: true,
    run: async (world) => {
      const place = world.place();
      const rules = [{ matches: [path("/here")], backendRefs: [to("web-v1")] }];
      await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
      const { headers, body } = await world.answers("client", `${place.url}/there`, 404);
      same("what the proxy says", headers["l5d-proxy-error"], "no route found for request");
      same("the body", [headers["content-length"], body], ["0", ""]);
    },
  },
  {
    name: "Linkerd's own HTTPRoute is as the Gateway API's",
    run: async (world) => {
      const place = world.place();
      const rules = [{ matches: [path("/v1")], backendRefs: [to("web-v1")] }];
      await world.apply(place.service, linkerdRoute(place.name, place.parent(), rules));
      await world.table("client", place.url, [
        { path: "/v1/x", is: "web-v1" },
        { path: "/x", is: 404 },
      ]);
    },
  },
  {
    name: "OUT1: a route with a port is for that alone, one with a section's name for that, one without for all",
    run: async (world) => {
      const [numbered, named, whole] = [world.place(), world.place(), world.place()];
      const rules = [{ backendRefs: [to("web-v1")] }];
      await world.apply(
        ...[numbered, named, whole].map(({ service }) => service),
        httpRoute(numbered.name, numbered.parent(80), rules),
        httpRoute(named.name, { ...named.whole, sectionName: "other" }, rules),
        httpRoute(whole.name, whole.whole, rules),
      );
      const isPinned = async (url: string): Promise<boolean> =>
        new Set((await world.many("client", url, 20)).map(({ backend }) => backend)).size === 1;
      const seen = async (): Promise<boolean[]> =>
        await Promise.all(
          [numbered, named, whole].flatMap(({ url }) => [isPinned(url), isPinned(`${url}:81`)]),
        );
      await world.eventually("each route holds where it is for", async () =>
        Bun.deepEquals(await seen(), [true, false, false, true, true, true]),
      );
    },
  },
  {
    name: "routes go by the Service that is dialled, whatever the Host says",
    run: async (world) => {
      const [one, two] = [world.place(), world.place()];
      const change = {
        type: "ResponseHeaderModifier",
        responseHeaderModifier: { set: [{ name: "x-routed", value: "one" }] },
      };
      const rules = [{ filters: [change], backendRefs: [to("web-v1")] }];
      await world.apply(one.service, two.service, httpRoute(one.name, one.parent(), rules));
      await world.eventually("the route holds", async () => {
        const { headers } = await world.ask("client", one.url, { headers: [`Host: ${two.host}`] });
        return headers["x-routed"] === "one";
      });
      const how = { headers: [`Host: ${one.host}`] };
      const { status, headers } = await world.ask("client", two.url, how);
      same("another Service by this one's name", [status, headers["x-routed"]], [200, undefined]);
    },
  },
  {
    name: "OUT11: what is sent to a pod's own address meets no route",
    run: async (world) => {
      const place = world.place();
      const rules = [{ matches: [path("/none")], backendRefs: [to("web-v2")] }];
      await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
      await world.answers("client", place.url, 404);
      const url = await world.names.podUrl("web-v1", 8080);
      same("who answers", (await world.echo("client", url)).name, "web-v1");
    },
  },
  {
    name: "a caller outside of the mesh meets no route",
    run: async (world) => {
      const place = world.place();
      const rules = [{ matches: [path("/none")], backendRefs: [to("web-v2")] }];
      await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
      await world.answers("client", place.url, 404);
      same("the outsider", (await world.ask("outsider", place.url)).status, 200);
    },
  },
  {
    name: "S14: a route that is changed and taken away holds no longer",
    quick: true,
    run: async (world) => {
      const place = world.place();
      const route = (backend: string) =>
        httpRoute(place.name, place.parent(), [
          { matches: [path("/a")], backendRefs: [to(backend)] },
        ]);
      await world.apply(place.service, route("web-v1"));
      await world.table("client", place.url, [
        { path: "/a", is: "web-v1" },
        { path: "/b", is: 404 },
      ]);
      await world.apply(route("web-v2"));
      await world.table("client", place.url, [
        { path: "/a", is: "web-v2" },
        { path: "/b", is: 404 },
      ]);
      await world.remove(route("web-v2"));
      await world.answers("client", `${place.url}/b`, 200);
    },
  },
];
