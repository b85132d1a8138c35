import { expect, test } from "bun:test";
import { InFlight } from "./in-flight.ts";

test("P5: as many as the limit are let in, and one more when one has left", () => {
  const inFlight = new InFlight(2);
  expect([inFlight.enter(), inFlight.enter(), inFlight.enter()]).toEqual([true, true, false]);
  expect(inFlight.count).toBe(2);
  inFlight.leave();
  expect([inFlight.count, inFlight.enter(), inFlight.enter()]).toEqual([1, true, false]);
});
