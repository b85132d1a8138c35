import { expect, test } from "bun:test";
import { Chance } from "./chance.ts";

test("Chance gives the same choices for the same seed, and others for another", () => {
  const choices = (seed: number) => {
    const chance = new Chance(seed);
    return Array.from({ length: 20 }, () => chance.one([1, 2, 3, 4]));
  };
  expect(choices(7)).toEqual(choices(7));
  expect(choices(7)).not.toEqual(choices(8));
  expect(new Set(choices(7))).toEqual(new Set([1, 2, 3, 4]));
});
