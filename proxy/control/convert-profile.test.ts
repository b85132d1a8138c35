import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { DestinationProfileSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { meets } from "../policy/request-condition.ts";
import { toProfile } from "./convert-profile.ts";

type Init = NonNullable<Parameters<typeof create<typeof DestinationProfileSchema>>[1]>;
const read = (init: Init) => toProfile(create(DestinationProfileSchema, init));
const path = (regex: string) => ({ match: { case: "path" as const, value: { regex } } });
const method = (value: number) => ({
  match: {
    case: "method" as const,
    value: { type: { case: "registered" as const, value } },
  },
});
const seq = (type: "all" | "any", ...matches: readonly object[]) => ({
  match: { case: type, value: { matches } },
});
const not = (value: object) => ({ match: { case: "not" as const, value } });
const status = (min: number, max: number) => ({
  match: { case: "status" as const, value: { min, max } },
});
const routeOf = (route: object) => read({ routes: [route] } as Init).routes[0];
const failures = (...responseClasses: readonly object[]) =>
  routeOf({ condition: path("/"), isRetryable: true, responseClasses })?.failures;

test("P34: toProfile() reads name, routes, budget and where it leads", () => {
  const budget = { retryRatio: 0.5, minRetriesPerSecond: 3, ttl: { seconds: 20n } };
  expect(
    read({
      fullyQualifiedName: "web.ns.svc.cluster.local",
      opaqueProtocol: true,
      retryBudget: budget,
      dstOverrides: [
        { authority: "a:80", weight: 0 },
        { authority: "b:80", weight: 2 },
      ],
    }),
  ).toMatchObject({
    name: "web.ns.svc.cluster.local",
    opaque: true,
    endpoint: undefined,
    budget: { ratio: 0.5, minPerSecond: 3, ttlMs: 20_000 },
    overrides: [{ authority: "b:80", weight: 2 }],
  });
  expect(
    routeOf({
      condition: path("/a"),
      timeout: { nanos: 5_000_000 },
      metricsLabels: { route: "a" },
    }),
  ).toMatchObject({
    timeoutMs: 5,
    failures: { statuses: [{ first: 500, last: 599 }], codes: [2, 4, 7, 12, 13, 14, 15] },
    retryable: false,
    labels: { route: "a" },
  });
});

test.each([
  [{ retryRatio: 0.2, ttl: { nanos: 999_000_000 } }],
  [{ retryRatio: 0.2, ttl: { seconds: 61n } }],
  [{ retryRatio: -0.1, ttl: { seconds: 10n } }],
  [{ retryRatio: 1001, ttl: { seconds: 10n } }],
  [{ retryRatio: 0.2 }],
])("P34: a budget that is none lets nothing be tried again: %#", (retryBudget) => {
  expect(read({ retryBudget }).budget).toBeUndefined();
  expect(read({}).budget).toBeUndefined();
});

test("P23: toProfile() reads conditions; paths are matched as a whole", () => {
  const condition = routeOf({
    condition: seq("all", seq("any", path("/a/.*"), path("/b")), not(method(1))),
  })?.condition;
  if (condition === undefined) throw new Error("no condition");
  const met = (verb: string, asked: string) =>
    meets(condition, asked, { method: verb, protocol: "" });
  expect([met("GET", "/a/x"), met("GET", "/b"), met("GET", "/bc"), met("POST", "/b")]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test.each([
  ["no condition", undefined],
  ["an unknown one", {}],
  ["an empty list", seq("any")],
  ["an unknown part", seq("all", path("/"), {})],
  ["the opposite of an unknown one", not({})],
  ["a pattern that cannot be matched", path("(?=a)")],
  ["an unknown method", { match: { case: "method", value: {} } }],
])("P23: a route with %s is left out", (_, condition) => {
  expect(routeOf({ condition })).toBeUndefined();
});

test("P34: without classes a 5xx fails, and a call by its code", () => {
  const unsaid = { statuses: [{ first: 500, last: 599 }], codes: [2, 4, 7, 12, 13, 14, 15] };
  expect(failures()).toEqual(unsaid);
  for (const condition of [undefined, {}, seq("any"), not({}), seq("all", {}), status(99, 200)])
    expect(failures({ condition, isFailure: true })).toEqual(unsaid);
});

test("P34: the first class that takes a status says whether it failed", () => {
  expect(
    failures(
      { condition: status(503, 503), isFailure: false },
      { condition: seq("all", status(400, 599), not(status(404, 599))), isFailure: true },
      { condition: seq("any", status(200, 200), status(204, 204)), isFailure: false },
    ),
  ).toEqual({
    statuses: [
      { first: 400, last: 403 },
      { first: 500, last: 502 },
      { first: 504, last: 599 },
    ],
    codes: [],
  });
});
