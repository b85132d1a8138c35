import { expect, test } from "bun:test";
import { readWindow } from "./scraping.ts";

test("readWindow() reads a duration that is one", () => {
  expect([readWindow("2s"), readWindow("1m30s")]).toEqual([2000, 90_000]);
  for (const bad of ["", "0s", "2", "soon"])
    expect(() => readWindow(bad)).toThrow("Cannot use --time-window");
});
