import { expect, test } from "bun:test";
import { Faults, refusalOf } from "./faults.ts";

test("Faults meet the requests that match, as often as asked", () => {
  const faults = new Faults();
  faults.inject({ match: /^GET/, times: 1, fault: { type: "stall" } });
  expect([faults.take("PUT /a"), faults.take("GET /a"), faults.take("GET /a")]).toEqual([
    undefined,
    { type: "stall" },
    undefined,
  ]);
  faults.inject({ match: "/a", times: 9, fault: { type: "stall" } });
  faults.clear();
  expect(faults.take("GET /a")).toBeUndefined();
});

test.each([429, 500, 503] as const)("refusalOf() makes %d", (status) => {
  expect(refusalOf({ type: "status", status }).status).toBe(status);
});
