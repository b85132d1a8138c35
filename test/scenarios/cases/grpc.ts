/** Calls by gRPC: which rule takes them, what is changed of them, and which status they get. */

import { fields, grpcRoute, to } from "../objects.ts";
import type { Place } from "../place.ts";
import { type Scenario, same, within } from "../scenario.ts";
import type { GrpcAnswer, GrpcCall, World } from "../world.ts";

const VOTE = "/sample.v1.Voting/Vote";
const RESULTS = "/sample.v1.Voting/Results";
const LIST = "/sample.v1.Emoji/ListAll";

const method = (service?: string, name?: string): object => ({ method: { service, method: name } });
const rule = (backend: string, ...matches: readonly object[]): object => ({
  matches,
  backendRefs: [to(backend, undefined, { port: 9090 })],
});
const addressOf = (place: Place): string => `${place.host}:9090`;

/** Who answers a call, or its code. */
const came = ({ code, metadata }: GrpcAnswer): string | number =>
  code === 0 ? (metadata["x-backend"] ?? 0) : code;

/** Asks until all calls come out so: a connection is one client's, so that the first alone tells nothing. */
async function tabled(
  world: World,
  place: Place,
  rows: readonly (GrpcCall & { readonly is: string | number })[],
): Promise<void> {
  const expected = rows.map(({ is }) => is);
  let last: readonly (string | number)[] = [];
  await world
    .eventually("the calls", async () => {
      last = (await world.calls("client", addressOf(place), ...rows)).map(came);
      return Bun.deepEquals(last, expected);
    })
    .catch((error) => same(`what came of the calls ${error}`, last, expected));
}

async function routed(
  world: World,
  rules: readonly object[],
  rows: readonly (GrpcCall & { readonly is: string | number })[],
): Promise<Place> {
  const place = world.place();
  await world.apply(place.service, grpcRoute(place.name, place.parent(9090), rules));
  await tabled(world, place, rows);
  return place;
}

/** Scenarios of gRPC. */
export const GRPC: readonly Scenario[] = [
  {
    name: "S10, P15, P24: calls go by service and method, either of which may be missing",
    quick: true,
    run: async (world) => {
      await routed(
        world,
        [
          rule("web-v1", method("sample.v1.Voting", "Vote")),
          rule("web-v2", method("sample.v1.Emoji")),
          rule("web-v3", method(undefined, "Results")),
        ],
        [
          { path: VOTE, is: "web-v1" },
          { path: LIST, is: "web-v2" },
          { path: RESULTS, is: "web-v3" },
        ],
      );
    },
  },
  {
    name: "S5, P25, ERR1: a call that no route takes is NOT_FOUND",
    quick: true,
    run: async (world) => {
      const rules = [rule("web-v1", method("sample.v1.Voting", "Vote"))];
      const place = await routed(world, rules, [
        { path: VOTE, is: "web-v1" },
        { path: RESULTS, is: 5 },
        { path: "/sample.v1.voting/Vote", is: 5 },
        { path: "/sample.v1.Voting/vote", is: 5 },
      ]);
      const [answer] = await world.calls("client", addressOf(place), { path: RESULTS });
      same("what it says", answer?.details, "no route found for request");
    },
  },
  {
    name: "S10, P24: calls go by their metadata",
    run: async (world) => {
      await routed(
        world,
        [
          rule("web-v1", fields("headers", { "x-version": "one" })),
          rule("web-v2", fields("headers", { "x-version": "~tw." })),
        ],
        [
          { path: VOTE, metadata: { "x-version": "one" }, is: "web-v1" },
          { path: VOTE, metadata: { "x-version": "two" }, is: "web-v2" },
          { path: VOTE, metadata: { "x-version": "three" }, is: 5 },
        ],
      );
    },
  },
  {
    name: "S10, P24: a service with its method comes before a service, and that before metadata",
    run: async (world) => {
      await routed(
        world,
        [
          rule("web-v1", fields("headers", { "x-version": "one" })),
          rule("web-v2", method("sample.v1.Voting")),
          rule("web-v3", method("sample.v1.Voting", "Vote")),
        ],
        [
          { path: VOTE, metadata: { "x-version": "one" }, is: "web-v3" },
          { path: RESULTS, metadata: { "x-version": "one" }, is: "web-v2" },
          { path: LIST, metadata: { "x-version": "one" }, is: "web-v1" },
        ],
      );
    },
  },
  {
    name: "P21: metadata of calls is changed",
    run: async (world) => {
      const changed = {
        ...rule("web-v1"),
        filters: [
          {
            type: "RequestHeaderModifier",
            requestHeaderModifier: {
              set: [{ name: "x-set", value: "new" }],
              add: [{ name: "x-add", value: "two" }],
              remove: ["x-gone"],
            },
          },
        ],
      };
      const metadata = { "x-set": "old", "x-add": "one", "x-gone": "here", "x-kept": "kept" };
      const place = await routed(world, [changed], [{ path: VOTE, metadata, is: "web-v1" }]);
      let seen: object = {};
      await world
        .eventually("the metadata", async () => {
          const [answer] = await world.calls("client", addressOf(place), { path: VOTE, metadata });
          const got = answer?.metadata ?? {};
          seen = Object.fromEntries(
            ["got-x-set", "got-x-add", "got-x-gone", "got-x-kept"].map((name) => [name, got[name]]),
          );
          return "new" === got["got-x-set"];
        })
        .catch(() => undefined);
      same("what the backend got", seen, {
        ...{ "got-x-set": "new", "got-x-add": "one, two", "got-x-gone": undefined },
        ...{ "got-x-kept": "kept" },
      });
    },
  },
  {
    name: "S7, P26: weights hold for each call of a connection; a backend of weight 0 gets none, there or not",
    run: async (world) => {
      const backend = (name: string, weight: number) => to(name, weight, { port: 9090 });
      const rules = [
        { backendRefs: [backend("web-v1", 70), backend("web-v2", 30), backend("nowhere", 0)] },
      ];
      const place = await routed(world, rules, [{ path: VOTE, times: 1, is: "web-v1" }]);
      const answers = await world.calls("client", addressOf(place), { path: VOTE, times: 500 });
      const names = answers.map(came);
      same(
        "calls that somebody else answered",
        names.filter((name) => !/^web-v[12]$/.test(String(name))),
        [],
      );
      // Four standard deviations of 500 calls.
      within("the first one's", names.filter((name) => name === "web-v1").length, [309, 391]);
    },
  },
  {
    name: "S6, OUT9: a call whose backend is not there is UNAVAILABLE, and only its share",
    run: async (world) => {
      const none = to("nowhere", 1, { port: 9090 });
      const rules = [
        { matches: [method("sample.v1.Emoji")], backendRefs: [none] },
        { backendRefs: [none, to("web-v1", 1, { port: 9090 })] },
      ];
      const place = await routed(world, rules, [{ path: LIST, is: 14 }]);
      const [answer] = await world.calls("client", addressOf(place), { path: LIST });
      same("what it says", answer?.details, "Service not found nowhere");
      const codes = (await world.calls("client", addressOf(place), { path: VOTE, times: 100 })).map(
        ({ code }) => code,
      );
      same("codes", [...new Set(codes)].toSorted(), [0, 14]);
      within("calls that fail", codes.filter((code) => code === 14).length, [30, 70]);
    },
  },
  {
    name: "S12, P33, P15: a call is tried again by the statuses that its route names",
    apart: true,
    run: async (world) => {
      const place = world.place({ selector: { instance: "web-v1" } });
      const annotations = {
        "retry.linkerd.io/grpc": "unavailable,internal",
        "retry.linkerd.io/limit": "2",
      };
      const rules = [rule("web-v1")];
      await world.apply(
        place.service,
        grpcRoute(place.name, place.parent(9090), rules, { annotations }),
      );
      const call = (id: string, code: string, fail: string): GrpcCall => ({
        path: VOTE,
        metadata: { id: `${place.name}-${id}`, code, fail },
      });
      let last: readonly (string | number)[] = [];
      let run = 0;
      const expected = ["web-v1", "web-v1", 13, 8];
      await world
        .eventually("calls are tried again", async () => {
          run += 1;
          const answers = await world.calls(
            ...(["client", addressOf(place)] as const),
            ...[call(`a${run}`, "14", "2"), call(`b${run}`, "13", "1")],
            ...[call(`c${run}`, "13", "3"), call(`d${run}`, "8", "1")],
          );
          last = answers.map(came);
          return Bun.deepEquals(last, expected);
        })
        .catch((error) => same(`what came of the calls ${error}`, last, expected));
    },
  },
  {
    name: "S12, P35, ERR7: a call that takes longer than its route allows is DEADLINE_EXCEEDED",
    apart: true,
    run: async (world) => {
      const place = world.place();
      const annotations = { "timeout.linkerd.io/request": "200ms" };
      const rules = [rule("web-v1")];
      await world.apply(
        place.service,
        grpcRoute(place.name, place.parent(9090), rules, { annotations }),
      );
      await tabled(world, place, [
        { path: VOTE, metadata: { delay: "2000" }, is: 4 },
        { path: VOTE, is: "web-v1" },
      ]);
    },
  },
  {
    name: "statuses, details and metadata of calls come as the backend said them",
    run: async (world) => {
      const place = world.place();
      await world.apply(place.service);
      await world.eventually("the Service answers", async () => {
        const [answer] = await world.calls("client", addressOf(place), { path: VOTE });
        return answer?.code === 0;
      });
      const codes = [1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 15, 16];
      const calls = codes.map((code) => ({ path: RESULTS, metadata: { code: String(code) } }));
      const answers = await world.calls("client", addressOf(place), ...calls);
      same(
        "codes",
        answers.map(({ code }) => code),
        codes,
      );
      same("details", new Set(answers.map(({ details }) => details)).size, 1);
    },
  },
];
