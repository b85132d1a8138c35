/** Policy changes while requests come: none is lost, none is let through that neither the old nor the new one allows. */

import { identity, required } from "../callers.ts";
import { kindsOf, startLoad } from "../load.ts";
import {
  authorization,
  byAccount,
  byMeshTls,
  httpRoute,
  meshTls,
  path,
  profile,
  rateLimit,
  server,
  serverAuthorization,
  to,
  toServer,
} from "../objects.ts";
import { type Scenario, same, within } from "../scenario.ts";
import type { World } from "../world.ts";

/** Requests a second. */
const RATE = 200;

const answered = (
  load: Awaited<ReturnType<Awaited<ReturnType<typeof startLoad>>["stop"]>>,
): number => Object.values(load.answers).reduce((sum, count) => sum + count, 0);

/** Scenarios of changes. */
export const CHANGES: readonly Scenario[] = [
  {
    name: "S14: at 200 requests a second nothing is lost while routes, profiles and annotations come, change and go",
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      const load = await startLoad(world, {
        from: "client",
        address: `${place.host}:80`,
        rate: RATE,
      });
      const rule = (weight: number, more: object = {}): object => ({
        ...{ backendRefs: [to("web-v1", weight), to("web-v2", 10 - weight)] },
        ...more,
      });
      const mark = {
        type: "ResponseHeaderModifier",
        responseHeaderModifier: { set: [{ name: "x-route", value: "1" }] },
      };
      const annotations = { "retry.linkerd.io/http": "5xx", "timeout.linkerd.io/request": "5s" };
      const accrual = { "balancer.linkerd.io/failure-accrual": "consecutive" };
      const route = (rules: readonly object[], more = {}) =>
        httpRoute(place.name, place.parent(), rules, more);
      const post = [rule(3, { matches: [{ method: "POST" }] })];
      const other = httpRoute(`${place.name}-b`, place.parent(), post);
      const own = profile(place.host, {
        routes: [{ name: "all", condition: { pathRegex: "/.*" }, timeout: "5s" }],
      });
      for (let round = 0; round < 2; round++) {
        for (const weight of [10, 5, 0]) await world.apply(route([rule(weight)]));
        await world.apply(route([rule(5, { filters: [mark] })], { annotations }));
        await world.apply(
          route([rule(1, { matches: [path("/none")] }), rule(9, { timeouts: { request: "6s" } })]),
        );
        await world.apply(other);
        await world.remove(other);
        await world.apply(own);
        await world.remove(route([]));
        await world.remove(own);
        const annotated = {
          ...place.service,
          metadata: { name: place.name, annotations: accrual },
        };
        await world.apply(annotated);
        await world.apply(route([rule(5)]), place.service);
      }
      const all = await load.stop();
      same(`kinds of answers of ${JSON.stringify(all)}`, kindsOf(all), [
        "200 web-v1",
        "200 web-v2",
        "200 web-v3",
      ]);
      same("answers", answered(all), all.sent);
      within("requests", all.sent, [RATE, 1e9]);
    },
  },
  {
    name: "P46: at 200 requests a second nobody is let through whom neither the old nor the new policy allows, and nobody lost whom both do",
    run: async (world) => await guardedChanges(world),
  },
];

async function guardedChanges(world: World): Promise<void> {
  const place = world.place({ own: true });
  const guard = (more = {}) => server(place.name, place.http, more);
  const ids = (...names: readonly string[]) => meshTls(place.name, { identities: names });
  const client = identity("client");
  const mine = required(place, byMeshTls(place.name));
  await world.apply(place.service, ids(client), mine, guard());
  await world.answers("other", place.url, 403);
  await world.answers("client", place.url, 200);
  const of = (from: "client" | "other" | "outsider" | "stranger", rate: number) =>
    startLoad(world, { from, address: `${place.host}:80`, rate });
  const loads = await Promise.all([
    of("client", RATE / 2),
    of("other", RATE / 4),
    of("outsider", RATE / 8),
    of("stranger", RATE / 8),
  ]);
  const strangers = authorization(`${place.name}-s`, toServer(place.name), [
    byAccount("stranger", "elsewhere"),
  ]);
  const older = serverAuthorization(place.name, {
    server: { name: place.name },
    client: { meshTLS: { identities: [client] } },
  });
  const route = httpRoute(place.name, toServer(place.name), [{ matches: [path("/")] }]);
  const limit = rateLimit(place.name, place.name, { total: { requestsPerSecond: 100_000 } });
  for (let round = 0; round < 2; round++) {
    await world.apply(strangers);
    await world.apply(guard({ proxyProtocol: "HTTP/1" }));
    await world.apply(ids(client, identity("stranger", "elsewhere")));
    await world.remove(strangers);
    await world.apply(route);
    await world.apply(older);
    await world.remove(mine);
    await world.apply(limit);
    await world.apply(guard());
    await world.apply(ids(client));
    await world.apply(mine);
    await world.remove(older);
    await world.remove(route);
    await world.remove(limit);
  }
  const [mineToo, others, outsiders, strange] = await Promise.all(loads.map((load) => load.stop()));
  if (!(mineToo && others && outsiders && strange)) throw new Error("there are four");
  same("who is always allowed", kindsOf(mineToo), ["200 web-v1"]);
  same("who never is", kindsOf(others), ["403"]);
  same("who is not meshed", kindsOf(outsiders), ["403"]);
  same("who sometimes is", kindsOf(strange), ["200 web-v1", "403"]);
  for (const load of [mineToo, others, outsiders, strange])
    same("answers", answered(load), load.sent);
}
