import { expect, test } from "bun:test";
import { templateHash } from "./template-hash.ts";

test("templateHash() is the same for the same template alone", () => {
  expect(templateHash({ a: 1, b: 2 })).toBe(templateHash({ b: 2, a: 1 }));
  expect(templateHash({ a: 1 })).not.toBe(templateHash({ a: 2 }));
  expect(templateHash({})).toMatch(/^[a-z0-9]{8}$/);
});
