import { expect, test } from "bun:test";
import { holds } from "./workload.ts";

test("holds() counts both ends", () => {
  const ports = [{ from: 5, to: 7 }];
  expect([4, 5, 7, 8].map((port) => holds(ports, port))).toEqual([false, true, true, false]);
});
