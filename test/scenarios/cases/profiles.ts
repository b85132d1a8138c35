/** ServiceProfiles: routes with timeouts and retries, shares of other Services, whose holds (P23, P34, DST16). */

import { httpRoute, type Manifest, path, profile, to } from "../objects.ts";
import type { Place } from "../place.ts";
import { type Scenario, same, within } from "../scenario.ts";
import { ELSEWHERE } from "../workloads.ts";
import type { World } from "../world.ts";

const route = (name: string, pathRegex: string, more: object = {}): object => ({
  name,
  condition: { method: "GET", pathRegex },
  ...more,
});

const whole = (place: Place, routes: readonly object[], more: object = {}): Manifest =>
  profile(place.host, { routes, ...more });

let asked = 0;
async function attempts(
  world: World,
  { url }: Place,
  query: string,
): Promise<readonly [number, number]> {
  const before = await world.pods.counted();
  const { status } = await world.ask("client", `${url}/${query}&id=p${asked++}`);
  const { "web-v1": after } = await world.pods.counted();
  return [status, after - before["web-v1"]];
}

const ONE = { selector: { instance: "web-v1" } };

/** Scenarios of ServiceProfiles. */
export const PROFILES: readonly Scenario[] = [
  {
    name: "P34, ERR8: a profile's route has a timeout, and others have not",
    ...{ quick: true, apart: true },
    run: async (world) => {
      const place = world.place(ONE);
      await world.apply(
        place.service,
        whole(place, [route("slow", "/slow.*", { timeout: "200ms" })]),
      );
      await world.answers("client", `${place.url}/slow?delay=1500`, 504);
      const { headers } = await world.ask("client", `${place.url}/slow?delay=1500`);
      same("the connection", headers["connection"], "close");
      same("another path", (await world.ask("client", `${place.url}/other?delay=500`)).status, 200);
    },
  },
  {
    name: "P34: what a profile calls retryable is tried again, within its budget, and other paths are not",
    apart: true,
    run: async (world) => {
      const place = world.place(ONE);
      const retryBudget = { retryRatio: 0.2, minRetriesPerSecond: 10, ttl: "10s" };
      const routes = [route("again", "/again.*", { isRetryable: true })];
      await world.apply(place.service, whole(place, routes, { retryBudget }));
      await world.eventually("it is tried again", async () =>
        Bun.deepEquals(await attempts(world, place, "again?fail=1"), [200, 2]),
      );
      same("fails thrice", (await attempts(world, place, "again?fail=3"))[0], 200);
      same("another path", await attempts(world, place, "once?fail=1"), [503, 1]);
    },
  },
  {
    name: "P34: a profile's budget is all that it gives",
    apart: true,
    run: async (world) => {
      const place = world.place(ONE);
      const retryBudget = { retryRatio: 0, minRetriesPerSecond: 1, ttl: "10s" };
      const routes = [route("again", "/again.*", { isRetryable: true })];
      await world.apply(place.service, whole(place, routes, { retryBudget }));
      await world.eventually("it is tried again", async () =>
        Bun.deepEquals(await attempts(world, place, "again?fail=1"), [200, 2]),
      );
      const before = await world.pods.counted();
      await world.many("client", `${place.url}/again?status=500`, 60);
      const { "web-v1": after } = await world.pods.counted();
      // One a second over ten seconds, and one for each second that it takes.
      within("retries of 60 requests", after - before["web-v1"] - 60, [0, 16]);
    },
  },
  {
    name: "P23: a profile's overrides send shares to other Services",
    quick: true,
    run: async (world) => {
      const place = world.place(ONE);
      const dstOverrides = [
        { authority: "web-v2.scenario.svc.cluster.local:80", weight: 1 },
        { authority: "web-v3.scenario.svc.cluster.local:80", weight: "3" },
      ];
      await world.apply(place.service, whole(place, [], { dstOverrides }));
      await world.eventually("the first is asked no more", async () => {
        const answers = await world.many("client", place.url, 10);
        return answers.every(({ backend }) => backend === "web-v2" || backend === "web-v3");
      });
      const answers = await world.many("client", place.url, 200);
      within(
        "the third one's of 200",
        answers.filter(({ backend }) => backend === "web-v3").length,
        [125, 175],
      );
    },
  },
  {
    name: "P23: a profile with routes holds in a route's place, one without does not",
    run: async (world) => {
      const place = world.place(ONE);
      const rules = [{ matches: [path("/routed")], backendRefs: [to("web-v2")] }];
      await world.apply(
        place.service,
        httpRoute(place.name, place.parent(), rules),
        whole(place, []),
      );
      await world.table("client", place.url, [
        { path: "/routed", is: "web-v2" },
        { path: "/other", is: 404 },
      ]);
      await world.apply(whole(place, [route("all", "/.*")]));
      await world.table("client", place.url, [
        { path: "/routed", is: "web-v1" },
        { path: "/other", is: "web-v1" },
      ]);
    },
  },
  {
    name: "DST16: the profile of a client's own namespace comes before the Service's",
    apart: true,
    run: async (world) => {
      const place = world.place(ONE);
      const routes = (timeout: string): object[] => [route("all", "/.*", { timeout })];
      const consumer = profile(place.host, { routes: routes("5s") }, { namespace: ELSEWHERE });
      await world.apply(place.service, whole(place, routes("200ms")));
      const url = `${place.url}/?delay=700`;
      await world.answers("stranger", url, 504);
      await world.apply(consumer);
      await world.answers("stranger", url, 200);
      same("a client beside the Service", (await world.ask("client", url)).status, 504);
      await world.remove(consumer);
      await world.answers("stranger", url, 504);
    },
  },
];
