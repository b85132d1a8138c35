import { expect, test } from "bun:test";
import { describePath, fieldsIn, fromFieldsV1, toFieldsV1, valueAt } from "./field-sets.ts";
import { builtInLists } from "./merge-keys.ts";

const lists = builtInLists("Pod");
const object = {
  metadata: { name: "x", labels: { a: "b" }, finalizers: ["f"] },
  spec: { containers: [{ name: "c", image: "i", args: ["1"] }] },
};
const written = {
  "f:metadata": { "f:labels": { "f:a": {} }, "f:finalizers": { 'v:"f"': {} } },
  "f:spec": {
    "f:containers": { 'k:{"name":"c"}': { ".": {}, "f:name": {}, "f:image": {}, "f:args": {} } },
  },
};

test("fieldsIn() and toFieldsV1() write what Kubernetes writes", () => {
  expect(toFieldsV1(fieldsIn(object, lists))).toEqual(written);
  expect(toFieldsV1(fromFieldsV1(written))).toEqual(written);
});

test("valueAt() finds what a path means, describePath() says it", () => {
  const path = ["f:spec", "f:containers", 'k:{"name":"c"}', "f:image"];
  expect(valueAt(object, path, lists)).toBe("i");
  expect(valueAt(object, ["f:metadata", "f:finalizers", 'v:"f"'], lists)).toBe("f");
  expect(describePath(path)).toBe('.spec.containers[name="c"].image');
});
