import { expect, test } from "bun:test";
import { processVariables } from "./env.ts";

test("processVariables() are those of this process", () => {
  expect(processVariables()["PATH"]).toBeDefined();
});
