import { expect, test } from "bun:test";
import { fakeValues } from "../../test/fake/values.ts";
import { parseValues } from "./values.ts";

test("parseValues() reads what was written, and names what is missing", () => {
  const values = fakeValues();
  expect(parseValues(JSON.stringify(values))).toEqual(values);
  expect(() => parseValues('{"namespace":"linkerd"}')).toThrow(
    "Cannot read values: linkerdVersion, clusterDomain",
  );
});

test("parseValues() knows what earlier versions did not write", () => {
  const values = fakeValues();
  const { nativeSidecar: _, waitBeforeExitSeconds: __, ...proxy } = values.proxy;
  expect(parseValues(JSON.stringify({ ...values, proxy }))).toEqual(values);
});
