import { expect, test } from "bun:test";
import { compare } from "./compare.ts";
import { evaluate } from "./reference.ts";

/** Small here; `npm run evaluators` takes as many as one asks for. */
const CASES = 10_000;
const SEED = 1;
/** Three comparisons take seconds on a machine that has other work. */
const PATIENCE_MS = 60_000;

test("INB2, INB3, INB4, INB6: the real path answers each call as the evaluator does", () => {
  const { answers, differences } = compare({ cases: CASES, seed: SEED });
  expect(differences.slice(0, 1)).toEqual([]);
  // A comparison that never meets an answer says nothing about it.
  for (const answer of ["allowed", "denied", "no route", "refused"] as const)
    expect([answer, (answers.get(answer) ?? 0) > 0]).toEqual([answer, true]);
});

test(
  "INB9, INB10, P46: the real path answers otherwise than an evaluator that is wrong",
  () => {
    const openPolicies = compare({ cases: CASES, seed: SEED }, (world, call) => {
      const objects = world.objects.filter(({ kind }) => kind !== "NetworkAuthentication");
      return evaluate({ ...world, objects }, call);
    });
    const noRoutes = compare({ cases: CASES, seed: SEED }, (world, call) => {
      const objects = world.objects.filter(({ kind }) => kind !== "HTTPRoute");
      return evaluate({ ...world, objects }, call);
    });
    const noProbes = compare({ cases: CASES, seed: SEED }, (world, call) =>
      evaluate({ ...world, probes: [] }, call),
    );
    for (const { differences } of [openPolicies, noRoutes, noProbes])
      expect(differences.length).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);
