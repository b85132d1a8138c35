import { expect, test } from "bun:test";
import { InFlight } from "./in-flight.ts";

const request = () => ({ counted: false });

test("P5: as many as the limit are let in, and one more when one has left", () => {
  const inFlight = new InFlight(2);
  const [first, second, third] = [request(), request(), request()];
  expect([first, second, third].map((each) => inFlight.enter(each))).toEqual([true, true, false]);
  inFlight.leave(third);
  expect(inFlight.count).toBe(2);
  inFlight.leave(first);
  inFlight.leave(first);
  expect([inFlight.count, inFlight.enter(third), inFlight.enter(first)]).toEqual([1, true, false]);
});
