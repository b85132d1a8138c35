import { expect, test } from "bun:test";
import { BUILT_IN, groupVersion, present } from "./kinds.ts";

test("BUILT_IN names each kind once", () => {
  const names = BUILT_IN.map((kind) => `${groupVersion(kind)}/${kind.plural}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain("apps/v1/deployments");
});

test("present() shows an object in the version asked for", () => {
  const [kind] = BUILT_IN;
  const object = { apiVersion: "v0", metadata: {} };
  expect(kind && present(kind, object).apiVersion).toBe("v1");
});
