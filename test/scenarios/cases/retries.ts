/** How often requests are tried again, and which (S12, P33). */

import type { Ask } from "../curl.ts";
import { httpRoute, type Manifest, path, to } from "../objects.ts";
import type { Place } from "../place.ts";
import { type Scenario, same, within } from "../scenario.ts";
import type { World } from "../world.ts";

type Annotations = Readonly<Record<string, string>>;
type On = { readonly route?: Annotations; readonly service?: Annotations };

const routed = (place: Place, annotations: Annotations, timeouts?: object): Manifest =>
  httpRoute(
    place.name,
    place.parent(),
    [{ matches: [path("/in")], timeouts, backendRefs: [to("web-v1")] }],
    { annotations },
  );

/** A Service with one backend and a route for `/in`, and waits until that holds. */
async function placed(
  world: World,
  { route = {}, service }: On,
  timeouts?: object,
): Promise<Place> {
  const place = world.place(service === undefined ? {} : { annotations: service });
  await world.apply(place.service, routed(place, route, timeouts));
  await world.answers("client", `${place.url}/out`, 404);
  return place;
}

let asked = 0;

/** Asks so that the first attempts fail; how often the backend was asked, and the last status. */
async function attempts(
  world: World,
  { url }: Place,
  { how = {}, ...query }: { readonly how?: Ask; readonly [name: string]: string | number | Ask },
): Promise<readonly [status: number, times: number]> {
  const before = await world.pods.counted();
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  const { status } = await world.ask(
    "client",
    `${url}/in?${[...pairs, `id=r${asked++}`].join("&")}`,
    how,
  );
  const { "web-v1": after } = await world.pods.counted();
  return [status, after - before["web-v1"]];
}

/** Scenarios of retries; backends see more requests than clients ask. */
export const RETRIES: readonly Scenario[] = [
  {
    name: "S12, P33: retry.linkerd.io/http tries again once, and retry.linkerd.io/limit as often as it says",
    ...{ quick: true, apart: true },
    run: async (world) => {
      const once = await placed(world, { route: { "retry.linkerd.io/http": "5xx" } });
      same("fails once", await attempts(world, once, { fail: 1 }), [200, 2]);
      same("fails twice", await attempts(world, once, { fail: 2 }), [503, 2]);
      const thrice = await placed(world, {
        route: { "retry.linkerd.io/http": "5xx", "retry.linkerd.io/limit": "3" },
      });
      same("fails thrice", await attempts(world, thrice, { fail: 3 }), [200, 4]);
      same("fails four times", await attempts(world, thrice, { fail: 4 }), [503, 4]);
    },
  },
  {
    name: "S12, P33: without a word of retries none are made",
    apart: true,
    run: async (world) => {
      const place = await placed(world, {});
      same("fails once", await attempts(world, place, { fail: 1 }), [503, 1]);
    },
  },
  {
    name: "S12, P33: gateway-error is 502 to 504, a list has codes and ranges",
    apart: true,
    run: async (world) => {
      const gateway = await placed(world, { route: { "retry.linkerd.io/http": "gateway-error" } });
      for (const status of [502, 503, 504])
        same(`a ${status}`, await attempts(world, gateway, { fail: 1, with: status }), [200, 2]);
      same("a 500", await attempts(world, gateway, { fail: 1, with: 500 }), [500, 1]);
      const listed = await placed(world, { route: { "retry.linkerd.io/http": "404,500-501" } });
      for (const status of [404, 500, 501])
        same(
          `a listed ${status}`,
          await attempts(world, listed, { fail: 1, with: status }),
          [200, 2],
        );
      same("a 502", await attempts(world, listed, { fail: 1, with: 502 }), [502, 1]);
    },
  },
  {
    name: "S12, P33: retry.linkerd.io/timeout is for each try, but the last",
    apart: true,
    run: async (world) => {
      const place = await placed(world, { route: { "retry.linkerd.io/timeout": "200ms" } });
      const started = performance.now();
      same("slow once", await attempts(world, place, { slow: 1, delay: 3000 }), [200, 2]);
      within("milliseconds that it took", performance.now() - started, [150, 2_900]);
      same("slow twice", await attempts(world, place, { slow: 2, delay: 1000 }), [200, 2]);
    },
  },
  {
    name: "S12, P35: timeouts.request bounds all tries together",
    apart: true,
    run: async (world) => {
      const route = { "retry.linkerd.io/http": "5xx", "retry.linkerd.io/limit": "20" };
      const place = await placed(world, { route }, { request: "500ms" });
      const [status, times] = await attempts(world, place, { fail: 50, delay: 150 });
      same("the status", status, 504);
      within("tries within it", times, [2, 5]);
    },
  },
  {
    name: "S12, P33: a body of up to 64 KiB goes out again as it was, a larger one does not",
    apart: true,
    run: async (world) => {
      const place = await placed(world, { route: { "retry.linkerd.io/http": "5xx" } });
      const small = { method: "POST", body: "x".repeat(60_000) };
      const url = `${place.url}/in?fail=1&id=${place.name}`;
      same("bytes of the second try", (await world.echo("client", url, small)).body, 60_000);
      const large = { method: "POST", body: "x".repeat(200_000) };
      same("a large one", await attempts(world, place, { fail: 1, how: large }), [503, 1]);
    },
  },
  {
    name: "S12, OUT8: retries of a Service are for its routes that say nothing of them",
    apart: true,
    run: async (world) => {
      const service = { "retry.linkerd.io/http": "5xx", "retry.linkerd.io/limit": "2" };
      const plain = await placed(world, { service });
      same("by the Service", await attempts(world, plain, { fail: 2 }), [200, 3]);
      const own = await placed(world, { service, route: { "retry.linkerd.io/http": "500" } });
      same("by the route", await attempts(world, own, { fail: 1, with: 503 }), [503, 1]);
      same("by the route", await attempts(world, own, { fail: 1, with: 500 }), [200, 2]);
    },
  },
  {
    name: "S12, OUT8: retries of a Service without routes",
    apart: true,
    run: async (world) => {
      const annotations = { "retry.linkerd.io/http": "5xx" };
      const place = world.place({ annotations, selector: { instance: "web-v1" } });
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      same("fails once", await attempts(world, place, { fail: 1 }), [200, 2]);
    },
  },
  {
    name: "S12: methods that are not idempotent are tried again as well, as the route says so",
    apart: true,
    run: async (world) => {
      const place = await placed(world, { route: { "retry.linkerd.io/http": "5xx" } });
      const how = { method: "POST", body: "once" };
      same("a POST", await attempts(world, place, { fail: 1, how }), [200, 2]);
    },
  },
  {
    name: "S12, P33: retries are the same over HTTP/2",
    apart: true,
    run: async (world) => {
      const place = await placed(world, { route: { "retry.linkerd.io/http": "5xx" } });
      const how = { http2: true };
      same("fails once", await attempts(world, place, { fail: 1, how }), [200, 2]);
      same("fails twice", await attempts(world, place, { fail: 2, how }), [503, 2]);
    },
  },
  {
    name: "S12, P19, HDR8: requests ask to be tried again by headers, where a route takes them",
    apart: true,
    run: async (world) => {
      const place = await placed(world, {});
      const how = { headers: ["l5d-retry-http: 5xx", "l5d-retry-limit: 2"] };
      same("fails twice", await attempts(world, place, { fail: 2, how }), [200, 3]);
      const { headers } = await world.echo("client", `${place.url}/in`, how);
      same("what the backend sees", headers["l5d-retry-http"], undefined);
      const plain = world.place({ selector: { instance: "web-v1" } });
      await world.apply(plain.service);
      await world.answers("client", plain.url, 200);
      same("without a route", await attempts(world, plain, { fail: 1, how }), [503, 1]);
    },
  },
  {
    name: "MET26: retries are counted as they are made",
    apart: true,
    run: async (world) => {
      const place = await placed(world, { route: { "retry.linkerd.io/http": "5xx" } });
      const labels = { route_name: place.name };
      const counted = async (what: string): Promise<number> =>
        await world.metric(["client"], `outbound_http_route_retry_${what}_total`, labels);
      await attempts(world, place, { fail: 1 });
      await attempts(world, place, { fail: 1 });
      await attempts(world, place, { fail: 2 });
      same("retries", await counted("requests"), 3);
      same("of them good", await counted("successes"), 2);
      same("beyond the limit", await counted("limit_exceeded"), 1);
    },
  },
  {
    name: "a backend that fails everything is not asked by retries without end",
    apart: true,
    run: async (world) => {
      const route = { "retry.linkerd.io/http": "5xx", "retry.linkerd.io/limit": "5" };
      const place = await placed(world, { route });
      const before = await world.pods.counted();
      const started = performance.now();
      const url = `${place.url}/in?status=503`;
      const all = Array.from({ length: 20 }, async () => await world.many("client", url, 5));
      const answers = (await Promise.all(all)).flat();
      const seconds = (performance.now() - started) / 1000;
      same("statuses", new Set(answers.map(({ status }) => status)), new Set([503]));
      const { "web-v1": after } = await world.pods.counted();
      const retries = after - before["web-v1"] - 100;
      // One for five requests, ten a second, and what a budget begins with: ten seconds of those.
      within("retries of 100 requests", retries, [20, 20 + 100 + 10 * (seconds + 1)]);
      const labels = { route_name: place.name };
      const overflow = await world.metric(
        ["client"],
        "outbound_http_route_retry_overflow_total",
        labels,
      );
      within("that the budget did not allow", overflow, [1, 100]);
    },
  },
];
