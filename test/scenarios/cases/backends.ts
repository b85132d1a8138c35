/** Where a rule's requests go: shares by weight, backends that are not there, and those of other namespaces (S6, S7). */

import type { Brief } from "../curl.ts";
import { httpRoute, path, to } from "../objects.ts";
import type { Place } from "../place.ts";
import { at, type Scenario, same, within } from "../scenario.ts";
import { type Backend, ELSEWHERE } from "../workloads.ts";
import type { World } from "../world.ts";

const share = (answers: readonly Brief[], is: (brief: Brief) => boolean): number =>
  answers.filter(is).length;
const from =
  (name: string) =>
  ({ backend }: Brief): boolean =>
    backend === name;
const failed = ({ status }: Brief): boolean => status === 500;

/** A rule without a match, behind one that is seen to hold. */
async function split(world: World, ...backendRefs: readonly object[]): Promise<Place> {
  const place = world.place();
  const rules = [{ matches: [path("=/settled")], backendRefs: [to("web-v3")] }, { backendRefs }];
  await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
  await settled(world, place);
  return place;
}

/** Waits until its route holds. */
const settled = (world: World, { url }: Place): Promise<void> =>
  world.table(
    "client",
    url,
    ["", "", ""].map(() => ({ path: "/settled", is: "web-v3" })),
  );

/** Scenarios of backends. */
export const BACKENDS_OF_RULES: readonly Scenario[] = [
  {
    name: "S7, P26: weights hold for each request of a connection",
    run: async (world) => {
      const { url } = await split(world, to("web-v1", 70), to("web-v2", 30));
      const answers = await world.many("client", url, 600);
      within("the first one's of 600", share(answers, from("web-v1")), [375, 465]);
      same(
        "all were answered",
        share(answers, from("web-v1")) + share(answers, from("web-v2")),
        600,
      );
    },
  },
  {
    name: "S7, P26: weights hold for each stream of an HTTP/2 connection",
    run: async (world) => {
      const { url } = await split(world, to("web-v1", 1), to("web-v2", 1), to("web-v3", 2));
      const before = await world.pods.counted();
      same("answers", await world.streams("client", url, 2_000), 2_000);
      const after = await world.pods.counted();
      const grown = (name: Backend): number => after[name] - before[name];
      // Four standard deviations.
      within("the third one's of 2000", grown("web-v3"), [911, 1_089]);
      within("the first one's of 2000", grown("web-v1"), [423, 577]);
    },
  },
  {
    name: "S7: of 50,000 requests over one connection each backend has its share within a point",
    run: async (world) => {
      const { url } = await split(world, to("web-v1", 70), to("web-v2", 30));
      const before = await world.pods.counted();
      same("answers", await world.streams("client", url, 50_000, 100), 50_000);
      const after = await world.pods.counted();
      within("the first one's", after["web-v1"] - before["web-v1"], [34_500, 35_500]);
    },
  },
  {
    name: "S7: a canary goes from nothing over a share to all, from the first request after the change holds",
    quick: true,
    run: async (world) => {
      const place = world.place();
      const mark = (step: number): object => ({
        type: "ResponseHeaderModifier",
        responseHeaderModifier: { set: [{ name: "x-step", value: String(step) }] },
      });
      const step = async (number: number, weight: number): Promise<readonly Brief[]> => {
        const backendRefs = [to("web-v1", 10 - weight), to("web-v2", weight)];
        const rules = [{ filters: [mark(number)], backendRefs }];
        await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
        await world.eventually(`step ${number}`, async () => {
          const { headers } = await world.ask("client", place.url);
          return headers["x-step"] === String(number);
        });
        return await world.many("client", place.url, 200);
      };
      same("before", share(await step(1, 0), from("web-v1")), 200);
      within("of 200 at a tenth", share(await step(2, 1), from("web-v2")), [4, 38]);
      within("of 200 at a half", share(await step(3, 5), from("web-v2")), [71, 129]);
      same("after", share(await step(4, 10), from("web-v2")), 200);
    },
  },
  {
    name: "S6: a backend of weight 0 gets nothing, and whether it is there does not matter",
    run: async (world) => {
      const { url } = await split(world, to("web-v1"), to("web-v2", 0), to("nowhere", 0));
      same("all to the first", share(await world.many("client", url, 60), from("web-v1")), 60);
    },
  },
  {
    name: "S6: where all weights are 0 there is nothing to send to",
    run: async (world) => {
      const { url } = await split(world, to("web-v1", 0), to("web-v2", 0));
      same("the status", (await world.ask("client", url)).status, 500);
    },
  },
  {
    name: "S6, OUT9: a backend that is not there fails its share, and no other",
    quick: true,
    run: async (world) => {
      const { url } = await split(world, to("web-v1", 3), to("nowhere", 1));
      const answers = await world.many("client", url, 400);
      within("of 400 fail", share(answers, failed), [65, 135]);
      same("the others do not", share(answers, failed) + share(answers, from("web-v1")), 400);
    },
  },
  {
    name: "S6, OUT9: a rule all of whose backends are not there fails, and says why",
    run: async (world) => {
      const { url } = await split(world, to("nowhere"), to("neither"));
      const { status, headers } = await world.ask("client", url);
      same("the status", status, 500);
      const why = headers["l5d-proxy-error"] ?? "";
      same("the reason", /^Service not found (nowhere|neither)$/.test(why), true);
    },
  },
  {
    name: "OUT9: a backend without a port, and one of a kind that cannot be one, fail",
    run: async (world) => {
      const place = world.place();
      const rules = [
        { matches: [path("/settled")], backendRefs: [to("web-v3")] },
        {
          matches: [path("/kind")],
          backendRefs: [{ kind: "Secret", name: "web-v1", port: 80 }],
        },
        {
          matches: [path("/group")],
          backendRefs: [{ group: "none.test", kind: "Service", name: "web-v1", port: 80 }],
        },
      ];
      await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
      await settled(world, place);
      const why = async (at: string) =>
        (await world.ask("client", `${place.url}${at}`)).headers["l5d-proxy-error"];
      same("a Secret", await why("/kind"), "unsupported backend type core Secret web-v1");
      same("a group", await why("/group"), "unsupported backend type none.test Service web-v1");
    },
  },
  {
    name: "OUT9: a backend that comes, and goes, is sent to only while it is there",
    run: async (world) => {
      const [place, late] = [world.place(), world.place({ selector: { instance: "web-v2" } })];
      const rules = [{ backendRefs: [to(late.name)] }];
      await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
      const { headers } = await world.answers("client", place.url, 500);
      same("why", headers["l5d-proxy-error"], `Service not found ${late.name}`);
      await world.apply(late.service);
      await world.table("client", place.url, [{ is: "web-v2" }, { is: "web-v2" }]);
      await world.kubectl("delete", "service", late.name);
      await world.answers("client", place.url, 500);
    },
  },
  {
    name: "S6, P39, ERR5: a Service without endpoints fails fast, and only its share",
    apart: true,
    run: async (world) => {
      const empty = world.place({ selector: { instance: "nobody" } });
      await world.apply(empty.service);
      const place = await split(world, to("web-v1"), to(empty.name));
      const started = performance.now();
      const { headers } = await world.answers("client", empty.url, 504);
      within("milliseconds until then", performance.now() - started, [2_500, 9_000]);
      same("why", headers["l5d-proxy-error"], "service in fail-fast");
      const now = performance.now();
      same("again", (await world.ask("client", empty.url)).status, 504);
      within("milliseconds that it took", performance.now() - now, [0, 2_000]);
      const answers = await world.many("client", place.url, 60);
      // Once it is known to have nobody its share goes to the one that is there.
      same(
        "the last of its rule",
        answers.slice(-20).map(({ backend }) => backend),
        Array(20).fill("web-v1"),
      );
    },
  },
  {
    name: "a backend of another namespace needs no grant",
    run: async (world) => {
      const { url } = await split(world, to("far", undefined, { namespace: ELSEWHERE }));
      same("who answers", (await world.echo("client", url)).name, "far");
    },
  },
  {
    name: "the routes of a backend's Service are not asked again",
    run: async (world) => {
      const [outer, inner] = [world.place(), world.place({ selector: { instance: "web-v2" } })];
      await world.apply(
        ...[outer.service, inner.service],
        httpRoute(inner.name, inner.parent(), [{ backendRefs: [to("web-v1")] }]),
        httpRoute(outer.name, outer.parent(), [{ backendRefs: [to(inner.name)] }]),
      );
      await world.table("client", inner.url, [{ is: "web-v1" }, { is: "web-v1" }]);
      await world.table("client", outer.url, [
        { is: "web-v2" },
        { is: "web-v2" },
        { is: "web-v2" },
      ]);
    },
  },
  {
    name: "OUT6: a rule without backends leads to the Service itself",
    run: async (world) => {
      const place = world.place({ selector: { instance: "web-v2" } });
      const rules = [{ matches: [path("/own")] }];
      await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
      await world.table("client", place.url, [
        { path: "/other", is: 404 },
        { path: "/own", is: "web-v2" },
      ]);
    },
  },
  {
    name: "ports of a backend are its Service's, and lead to its pods'",
    run: async (world) => {
      const place = await split(world, to("web-v1", undefined, { port: 80 }));
      same("who answers", (await world.echo("client", place.url)).host, place.host);
      const sent = await world.metric(["client"], "request_total", {
        ...{ direction: "outbound", target_port: "8080" },
        ...{ dst_service: "web-v1", dst_namespace: "scenario" },
      });
      within("requests to the pods' port, by the backend's name", sent, [1, 1e9]);
      same("its own name", (await world.ask("client", at("web-v1"))).status, 200);
    },
  },
];
