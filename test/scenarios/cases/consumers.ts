/** Routes of a Service's own namespace and of its clients' (S8, OUT4). */

import { httpRoute, path, to } from "../objects.ts";
import type { Place } from "../place.ts";
import { type Scenario, same } from "../scenario.ts";
import { ELSEWHERE, NAMESPACE } from "../workloads.ts";

const rule = (backend: string, at?: string): object => ({
  ...(at === undefined ? {} : { matches: [path(at)] }),
  backendRefs: [to(backend, undefined, { namespace: NAMESPACE })],
});

/** A route of the clients' namespace. */
const consumer = (place: Place, rules: readonly object[], name = place.name) =>
  httpRoute(name, { ...place.parent(), namespace: NAMESPACE }, rules, { namespace: ELSEWHERE });

/** Scenarios of producers and consumers. */
export const CONSUMERS: readonly Scenario[] = [
  {
    name: "S8, OUT4: a route of the Service's namespace holds for clients everywhere",
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service, httpRoute(place.name, place.parent(), [rule("web-v1")]));
      for (const caller of ["client", "stranger"] as const)
        await world.table(caller, place.url, [
          { is: "web-v1" },
          { is: "web-v1" },
          { is: "web-v1" },
        ]);
    },
  },
  {
    name: "S8, OUT4: a route of the client's namespace holds for clients there alone",
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service);
      await world.apply(consumer(place, [rule("web-v1", "/a")]));
      await world.table("stranger", place.url, [
        { path: "/b", is: 404 },
        { path: "/a", is: "web-v1" },
      ]);
      same(
        "a client beside the Service",
        (await world.ask("client", `${place.url}/b`)).status,
        200,
      );
    },
  },
  {
    name: "S8, OUT4: consumers' routes stand in for producers', which hold again when the last of them is gone",
    quick: true,
    run: async (world) => {
      const place = world.place();
      await world.apply(
        place.service,
        httpRoute(place.name, place.parent(), [rule("web-v1", "/produced")]),
      );
      await world.table("stranger", place.url, [
        { path: "/produced", is: "web-v1" },
        { path: "/consumed", is: 404 },
      ]);
      const routes = [
        consumer(place, [rule("web-v2", "/consumed")]),
        consumer(place, [rule("web-v3", "/more")], `${place.name}-b`),
      ];
      await world.apply(...routes);
      await world.table("stranger", place.url, [
        { path: "/more", is: "web-v3" },
        { path: "/consumed", is: "web-v2" },
        { path: "/produced", is: 404 },
      ]);
      await world.table("client", place.url, [
        { path: "/produced", is: "web-v1" },
        { path: "/consumed", is: 404 },
      ]);
      const [first, second] = routes;
      if (first === undefined || second === undefined) throw new Error("there are two routes");
      await world.remove(second);
      await world.table("stranger", place.url, [
        { path: "/more", is: 404 },
        { path: "/consumed", is: "web-v2" },
        { path: "/produced", is: 404 },
      ]);
      await world.remove(first);
      await world.table("stranger", place.url, [
        { path: "/produced", is: "web-v1" },
        { path: "/consumed", is: 404 },
      ]);
    },
  },
  {
    name: "S8: a consumer's rule without backends leads to the Service",
    run: async (world) => {
      const place = world.place({ selector: { instance: "web-v2" } });
      await world.apply(place.service);
      await world.apply(consumer(place, [{ matches: [path("/a")] }]));
      await world.table("stranger", place.url, [
        { path: "/b", is: 404 },
        { path: "/a", is: "web-v2" },
      ]);
    },
  },
];
