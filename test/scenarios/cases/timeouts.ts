/** How long requests may take, by routes, Services and requests themselves (S12, P35). */

import { httpRoute, type Manifest, path, to } from "../objects.ts";
import type { Place, PlaceOptions } from "../place.ts";
import { type Scenario, same, within } from "../scenario.ts";
import type { World } from "../world.ts";

type Annotations = Readonly<Record<string, string>>;

/** A rule for everything that has these times. */
const limited = (place: Place, timeouts: object | undefined, annotations?: Annotations): Manifest =>
  httpRoute(
    place.name,
    place.parent(),
    [{ matches: [path("/in")], timeouts, backendRefs: [to("web-v1")] }],
    annotations === undefined ? {} : { annotations },
  );

/** Applies it and waits until it holds. */
async function placed(
  world: World,
  options: PlaceOptions,
  routed: (place: Place) => readonly object[],
): Promise<Place> {
  const place = world.place(options);
  await world.apply(place.service, ...routed(place));
  await world.answers("client", `${place.url}/out`, 404);
  return place;
}

/** Asks for what takes longer, and looks at how long that took; the backend has seen it once. */
async function timedOut(world: World, url: string, why = "request timeout"): Promise<void> {
  const before = await world.pods.counted();
  const started = performance.now();
  const { status, headers } = await world.ask("client", url);
  within("milliseconds until the answer", performance.now() - started, [150, 2_900]);
  same("the status, and why", [status, headers["l5d-proxy-error"]], [504, why]);
  const { "web-v1": seen } = await world.pods.counted();
  same("requests that the backend has seen", seen - before["web-v1"], 1);
}

const SLOW = "/in?delay=3000";

/** Scenarios of timeouts; a request that was given up counts at the backend alone. */
export const TIMEOUTS: readonly Scenario[] = [
  {
    name: "S12, P35, ERR7: timeouts.request ends what takes longer, and leaves the rest alone",
    ...{ quick: true, apart: true },
    run: async (world) => {
      const { url } = await placed(world, {}, (place) => [limited(place, { request: "200ms" })]);
      await timedOut(world, `${url}${SLOW}`);
      same("a quick one", (await world.ask("client", `${url}/in`)).status, 200);
      await timedOut(world, `${url}${SLOW}`);
    },
  },
  {
    name: "S12: timeout.linkerd.io/request on a route",
    apart: true,
    run: async (world) => {
      const annotations = { "timeout.linkerd.io/request": "200ms" };
      const { url } = await placed(world, {}, (place) => [limited(place, undefined, annotations)]);
      await timedOut(world, `${url}${SLOW}`);
    },
  },
  {
    name: "S12, OUT8: timeout.linkerd.io/request on a Service, which a route's own stands in for",
    apart: true,
    run: async (world) => {
      const annotations = { "timeout.linkerd.io/request": "200ms" };
      const place = world.place({ annotations, selector: { instance: "web-v1" } });
      await world.apply(place.service);
      await world.answers("client", place.url, 200);
      await timedOut(world, `${place.url}${SLOW}`);
      await world.apply(limited(place, { request: "5s" }));
      await world.answers("client", `${place.url}/out`, 404);
      same("by the route", (await world.ask("client", `${place.url}/in?delay=400`)).status, 200);
    },
  },
  {
    name: "S12: timeouts.request of 0s is none, where the Service has one",
    run: async (world) => {
      const annotations = { "timeout.linkerd.io/request": "200ms" };
      const { url } = await placed(world, { annotations }, (place) => [
        limited(place, { request: "0s" }),
      ]);
      same("a slow one", (await world.ask("client", `${url}/in?delay=600`)).status, 200);
    },
  },
  {
    name: "S12, P35: timeout.linkerd.io/response is about the answer, however much of it has come",
    apart: true,
    run: async (world) => {
      const annotations = { "timeout.linkerd.io/response": "200ms" };
      const { url } = await placed(world, {}, (place) => [limited(place, undefined, annotations)]);
      await timedOut(world, `${url}${SLOW}`, "response timeout");
      const started = performance.now();
      await world.ask("client", `${url}/in?stall=3000`);
      within("milliseconds of a body that stalls", performance.now() - started, [100, 2_900]);
    },
  },
  {
    name: "S12, P35: timeout.linkerd.io/idle ends a request of which nothing moves",
    apart: true,
    run: async (world) => {
      const annotations = { "timeout.linkerd.io/idle": "300ms" };
      const { url } = await placed(world, {}, (place) => [limited(place, undefined, annotations)]);
      const started = performance.now();
      const { body } = await world.ask("client", `${url}/in?stall=5000`);
      within("milliseconds of a body that stalls", performance.now() - started, [200, 3_000]);
      within("bytes of it", body.length, [0, 10]);
      same("a steady one", (await world.ask("client", `${url}/in?stall=50`)).status, 200);
    },
  },
  {
    name: "S12, P19, HDR9: requests limit themselves by l5d-timeout, where a route takes them",
    apart: true,
    run: async (world) => {
      const { url } = await placed(world, {}, (place) => [limited(place, undefined)]);
      const how = { headers: ["l5d-timeout: 200ms"] };
      same("a slow one", (await world.ask("client", `${url}${SLOW}`, how)).status, 504);
      const seen = await world.echo("client", `${url}/in`, how);
      same("what the backend sees", seen.headers["l5d-timeout"], undefined);
      const plain = world.place();
      await world.apply(plain.service);
      await world.answers("client", plain.url, 200);
      const open = await world.echo("client", `${plain.url}/?delay=600`, how);
      same("without a route", open.headers["l5d-timeout"], "200ms");
    },
  },
];
