import { expect, test } from "bun:test";
import { pickBackend } from "./logical.ts";

type Backend = {
  readonly name: string;
  readonly weight: number;
  readonly balancer: { readonly failing: boolean } | undefined;
};
const choices = (pick: "random" | "first", ...backends: readonly Omit<Backend, "name">[]) => ({
  pick,
  backends: backends.map((backend, index): Backend => ({ name: "abc"[index] ?? "", ...backend })),
  totalWeight: backends.reduce((total, { weight }) => total + weight, 0),
});
const up = (weight: number) => ({ weight, balancer: { failing: false } });
const down = (weight: number) => ({ weight, balancer: { failing: true } });
const gone = (weight: number) => ({ weight, balancer: undefined });
const picked = (
  of: ReturnType<typeof choices>,
  ...chances: readonly number[]
): (string | undefined)[] => chances.map((chance) => pickBackend(of, () => chance)?.name);

test("P26: a backend is picked by weight, and never one that has none", () => {
  expect(picked(choices("random", up(1), up(3)), 0, 0.24, 0.25, 0.99)).toEqual([
    "a",
    "a",
    "b",
    "b",
  ]);
  expect(picked(choices("random", up(1), up(0), up(1)), 0, 0.49, 0.5)).toEqual(["a", "a", "c"]);
  expect(picked(choices("random", up(1)), 0.5)).toEqual(["a"]);
});

test("P26: nothing is picked where no backend has a weight", () => {
  expect(picked(choices("random", up(0)), 0, 0.99)).toEqual([undefined, undefined]);
  expect(picked(choices("random", up(0), up(0)), 0, 0.99)).toEqual([undefined, undefined]);
  expect(picked(choices("random"), 0)).toEqual([undefined]);
});

test("P26: a backend that fails is passed over while another is available", () => {
  expect(picked(choices("random", down(8), up(1), up(1)), 0, 0.49, 0.5, 0.79, 0.99)).toEqual([
    "b",
    "b",
    "c",
    "c",
    "c",
  ]);
  expect(picked(choices("random", down(1), down(1)), 0, 0.99)).toEqual(["a", "b"]);
  expect(picked(choices("random", gone(1), up(1)), 0, 0.99)).toEqual(["a", "b"]);
});

test("P26: the first that is available is taken, and where none is the first", () => {
  expect(picked(choices("first", up(1), up(1)), 0.99)).toEqual(["a"]);
  expect(picked(choices("first", down(1), gone(1), up(1)), 0)).toEqual(["b"]);
  expect(picked(choices("first", down(1), down(1)), 0.99)).toEqual(["a"]);
});
