/** Rate limits of Servers (INB11, P41). */

import { type Manifest, rateLimit, server } from "../objects.ts";
import { ONE, type Place } from "../place.ts";
import { type Scenario, same, within } from "../scenario.ts";
import type { Caller } from "../workloads.ts";
import type { World } from "../world.ts";

async function limited(world: World, spec: object): Promise<Place> {
  const place = world.place({ own: true });
  const guard = server(place.name, place.http, { accessPolicy: "all-unauthenticated" });
  await world.apply(place.service, guard, rateLimit(place.name, place.name, spec));
  return place;
}

/** How many of so many requests at once a caller gets answered; the others get 429. */
async function passed(world: World, from: Caller, { url }: Place, count = 60): Promise<number> {
  const answers = await world.many(from, url, count);
  const [ok, limitedOnes] = [200, 429].map(
    (code) => answers.filter(({ status }) => status === code).length,
  );
  same(`answers of ${from} that are 200 or 429`, (ok ?? 0) + (limitedOnes ?? 0), count);
  return ok ?? 0;
}

/** Waits until the limit holds. */
async function holds(world: World, from: Caller, place: Place): Promise<void> {
  await world.eventually("the limit", async () => (await passed(world, from, place)) < 60);
}

/** Asks for longer than a second, and holds what was let through to the limit. */
async function withinLimit(
  world: World,
  from: Caller,
  { place, rps }: { readonly place: Place; readonly rps: number },
): Promise<void> {
  const started = performance.now();
  let ok = 0;
  let seconds = 0;
  do {
    ok += await passed(world, from, place, 20);
    seconds = (performance.now() - started) / 1000;
  } while (seconds < 1.2);
  // A second's worth may have been saved up.
  const bounds = [Math.max(1, rps - 1), Math.ceil(rps * (seconds + 1)) + 1] as const;
  within(`at ${rps} a second, let through in ${seconds.toFixed(2)} s`, ok, bounds);
}

/** Scenarios of rate limits. */
export const LIMITS: readonly Scenario[] = [
  {
    name: "P41, INB11, ERR4: a total limit is for all callers together",
    quick: true,
    run: async (world) => {
      const place = await limited(world, { total: { requestsPerSecond: 5 } });
      await holds(world, "client", place);
      await withinLimit(world, "client", { place, rps: 5 });
      const { headers } = await world.answers("client", place.url, 429);
      same("why", headers["l5d-proxy-error"], "too many requests");
      await withinLimit(world, "other", { place, rps: 5 });
    },
  },
  {
    name: "P41: a limit of identities is for each of them, and for all without one together",
    run: async (world) => {
      const place = await limited(world, { identity: { requestsPerSecond: 5 } });
      await holds(world, "client", place);
      within("another identity has its own", await passed(world, "other", place, 5), [5, 5]);
      within("those without have theirs", await passed(world, "outsider", place, 5), [5, 5]);
      await withinLimit(world, "outsider", { place, rps: 5 });
    },
  },
  {
    name: "P41: an override is for the accounts that it names",
    run: async (world) => {
      const clientRefs = [{ kind: "ServiceAccount", name: "other" }];
      const place = await limited(world, {
        identity: { requestsPerSecond: 2 },
        overrides: [{ requestsPerSecond: 1000, clientRefs }],
      });
      await holds(world, "client", place);
      same("the one that is named", await passed(world, "other", place), 60);
      await withinLimit(world, "client", { place, rps: 2 });
    },
  },
  {
    name: "MET10: what is limited is counted, by its limit and scope",
    run: async (world) => {
      const place = await limited(world, { identity: { requestsPerSecond: 1 } });
      await holds(world, "client", place);
      const labels = {
        ratelimit_name: place.name,
        ratelimit_scope: "identity",
        srv_name: place.name,
      };
      const counted = () => world.metric([ONE], "inbound_http_local_ratelimit_total", labels);
      const before = await counted();
      const ok = await passed(world, "client", place, 30);
      same("counted", (await counted()) - before, 30 - ok);
    },
  },
  {
    name: "INB11: a limit that goes limits no longer",
    run: async (world) => {
      const place = world.place({ own: true });
      const guard = server(place.name, place.http, { accessPolicy: "all-unauthenticated" });
      const limit: Manifest = rateLimit(place.name, place.name, {
        total: { requestsPerSecond: 1 },
      });
      await world.apply(place.service, guard, limit);
      await holds(world, "client", place);
      await world.remove(limit);
      await world.eventually("all pass", async () => (await passed(world, "client", place)) === 60);
    },
  },
];
