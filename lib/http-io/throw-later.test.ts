import { expect, test } from "bun:test";
import { thrownLater } from "../../test/fake/thrown-later.ts";
import { throwLater } from "./throw-later.ts";

test("throwLater() throws at nobody who calls, and each error by itself", async () => {
  using thrown = thrownLater();
  const errors = [new Error("one"), new Error("two")];
  for (const error of errors) throwLater(error);
  expect(thrown.errors).toEqual([]);
  await Promise.resolve();
  expect(thrown.errors).toEqual(errors);
});
