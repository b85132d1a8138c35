import { expect, test } from "bun:test";
import { defaultMetadata } from "../policy/default-policy.ts";
import type { ResolvedRule } from "./discover.ts";
import { pickBackend } from "./logical.ts";

const rule = (...weights: readonly number[]): ResolvedRule => ({
  metadata: defaultMetadata("w"),
  backends: weights.map((weight, index) => ({
    balancer: undefined,
    message: "abc"[index] ?? "",
    weight,
  })),
  totalWeight: weights.reduce((total, weight) => total + weight, 0),
});
const picked = (weighted: ResolvedRule, ...chances: readonly number[]): (string | undefined)[] =>
  chances.map((chance) => pickBackend(weighted, chance)?.message);

test("P26: pickBackend() picks by weight, and never what has none", () => {
  expect(picked(rule(1, 3), 0, 0.24, 0.25, 0.99)).toEqual(["a", "a", "b", "b"]);
  expect(picked(rule(1, 0, 1), 0, 0.49, 0.5, 0.99)).toEqual(["a", "a", "c", "c"]);
  expect(picked(rule(1), 0.5)).toEqual(["a"]);
});

test("P26: pickBackend() finds nothing where no backend has a weight", () => {
  expect(picked(rule(0), 0, 0.99)).toEqual([undefined, undefined]);
  expect(picked(rule(0, 0), 0, 0.99)).toEqual([undefined, undefined]);
  expect(picked(rule(), 0)).toEqual([undefined]);
});
