import { expect, test } from "bun:test";
import type { ParentRef } from "../core/route.ts";
import { ACCEPTED, CONTROLLER_NAME, notAccepted, RESOLVED } from "./conditions.ts";
import { mergeConditions, mergeParents } from "./merge.ts";

const NOW = { generation: 2, wallMs: 1_500 };
const LATER = { generation: 2, wallMs: 60_000 };
const FIRST = "1970-01-01T00:00:01Z";
const parent = (name: string, over: Partial<ParentRef> = {}): ParentRef => ({
  ...{ group: "core", kind: "Service", name, namespace: "shop", port: 80, section: undefined },
  ...over,
});
const web = { parent: parent("web"), conditions: [ACCEPTED, RESOLVED] };
const foreign = { controllerName: "example.com/gateway", parentRef: { name: "g" }, odd: null };

test("S3, INB12: an entry for each parent, stamped with the generation and the time", () => {
  const api = { parent: parent("api", { port: undefined, section: "http" }), conditions: [] };
  expect(mergeParents(undefined, [web, api], NOW)).toEqual([
    {
      controllerName: "linkerd.io/policy-controller",
      parentRef: { group: "core", kind: "Service", namespace: "shop", name: "web", port: 80 },
      conditions: [ACCEPTED, RESOLVED].map((each) => ({
        ...each,
        ...{ lastTransitionTime: FIRST, observedGeneration: 2 },
      })),
    },
    {
      controllerName: CONTROLLER_NAME,
      parentRef: {
        group: "core",
        kind: "Service",
        namespace: "shop",
        name: "api",
        sectionName: "http",
      },
      conditions: [],
    },
  ]);
});

test("S3, INB12: what is there already is not written, whatever the time", () => {
  const parents = mergeParents({ parents: [foreign] }, [web], NOW);
  expect(mergeParents({ parents }, [web], LATER)).toBeUndefined();
  const newer = mergeParents({ parents }, [web], { ...LATER, generation: 3 });
  expect(newer).toMatchObject([
    foreign,
    {
      conditions: [{ lastTransitionTime: FIRST, observedGeneration: 3 }, { type: "ResolvedRefs" }],
    },
  ]);
});

test("S3, INB12: time moves where a condition does, and others' entries stay as they are", () => {
  const parents = mergeParents({ parents: [foreign] }, [web], NOW);
  const refused = { ...web, conditions: [notAccepted("NoMatchingParent"), RESOLVED] };
  const merged = mergeParents({ parents: [...(parents ?? []), foreign] }, [refused], LATER);
  expect(merged).toMatchObject([
    foreign,
    {
      conditions: [
        { status: "False", lastTransitionTime: "1970-01-01T00:01:00Z" },
        { status: "True", lastTransitionTime: FIRST },
      ],
    },
    foreign,
  ]);
  const why = { ...web, conditions: [notAccepted("RouteReasonConflicted"), RESOLVED] };
  const again = mergeParents({ parents: merged }, [why], { ...NOW, wallMs: 90_000 });
  expect(again?.[1]).toMatchObject({
    conditions: [
      { reason: "RouteReasonConflicted", lastTransitionTime: "1970-01-01T00:01:00Z" },
      {},
    ],
  });
});

test("S3: an entry of ours goes with its parent, and those of others alone are not touched", () => {
  const parents = mergeParents({ parents: [foreign] }, [web], NOW);
  expect(mergeParents({ parents }, [], NOW)).toEqual([foreign]);
  expect(mergeParents({ parents: [...(parents ?? []), parents?.[1]] }, [web], NOW)).toEqual(
    parents,
  );
  for (const none of [undefined, null, {}, { parents: "odd" }, { parents: [foreign, null, 3] }])
    expect(mergeParents(none, [], NOW)).toBeUndefined();
});

test("S3: what speaks of a newer generation is not overwritten", () => {
  const parents = mergeParents(undefined, [web], { ...NOW, generation: 5 });
  expect(mergeParents({ parents }, [{ ...web, conditions: [RESOLVED] }], NOW)).toBeUndefined();
  const own = mergeConditions([], [ACCEPTED], { ...NOW, generation: 5 }) ?? [];
  expect(mergeConditions(own, [notAccepted("NoMatchingTarget")], NOW)).toBeUndefined();
  expect(mergeConditions(own, [], { ...NOW, generation: undefined })).toEqual([]);
});

test("INB12: conditions of other types stay; ours that hold no longer go", () => {
  const theirs = { type: "Ready", status: "True", observedGeneration: 9 };
  const stale = { type: "PartiallyInvalid", status: "True" };
  const merged = mergeConditions([theirs, stale, "odd"], [ACCEPTED], {
    ...NOW,
    generation: undefined,
  });
  expect(merged).toEqual([theirs, "odd", { ...ACCEPTED, lastTransitionTime: FIRST }]);
  expect(
    mergeConditions(merged ?? [], [ACCEPTED], { ...LATER, generation: undefined }),
  ).toBeUndefined();
});

test("mergeParents() reads statuses of any form", () => {
  const odd = [
    { controllerName: CONTROLLER_NAME },
    { controllerName: CONTROLLER_NAME, parentRef: 3 },
  ];
  expect(mergeParents({ parents: odd }, [web], NOW)).toHaveLength(1);
});
