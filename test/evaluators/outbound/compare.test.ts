import { expect, test } from "bun:test";
import { compare } from "./compare.ts";
import type { World } from "./objects.ts";
import { evaluate } from "./reference.ts";

/** Small here; `npm run evaluators` takes as many as one asks for. */
const CASES = 20_000;
/** Enough for an evaluator that is wrong to be found out. */
const FEW = 4_000;
const SEED = 1;

/** Whether an evaluator that sees other routes than there are is found out. */
const differs = (change: (world: World) => World): boolean =>
  compare({ cases: FEW, seed: SEED }, (world, request) => evaluate(change(world), request))
    .differences.length > 0;

test("P24, A39, B18: each request goes by the rule that the evaluator says", () => {
  const { answers, differences } = compare({ cases: CASES, seed: SEED });
  expect(differences.slice(0, 1)).toEqual([]);
  for (const answer of ["http", "grpc", "no route"] as const)
    expect([answer, (answers.get(answer) ?? 0) > CASES / 100]).toEqual([answer, true]);
});

test("P24: an evaluator that is wrong is found out", () => {
  const without =
    (part: object): ((world: World) => World) =>
    (world) => ({
      ...world,
      routes: world.routes.map((route) => ({
        ...route,
        rules: route.rules.map((rule) => ({
          ...rule,
          matches: rule.matches.map((match) => ({ ...match, ...part })),
        })),
      })) as never,
    });
  expect(differs(without({ headers: [] }))).toBe(true);
  expect(differs(without({ queryParams: [] }))).toBe(true);
  expect(differs(without({ method: "GET" }))).toBe(true);
  expect(differs((world) => ({ ...world, routes: world.routes.toReversed() as never }))).toBe(true);
});
