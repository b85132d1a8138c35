import { expect, test } from "bun:test";
import { BUILT_IN } from "./kinds.ts";
import { tableOf } from "./table.ts";

test("tableOf() includes of each object what was asked for", () => {
  const [resource] = BUILT_IN;
  if (resource === undefined) throw new Error("no kind");
  const how = { wallMs: 0, custom: undefined, metadata: {} };
  const objects = [{ metadata: { name: "a" }, spec: {} }];
  const rows = (include: "None" | "Metadata" | "Object") =>
    tableOf(resource, objects, { ...how, include })["rows"] as { object?: unknown }[];
  expect(rows("None")[0]).not.toHaveProperty("object");
  expect(rows("Metadata")[0]?.object).toEqual({
    kind: "PartialObjectMetadata",
    apiVersion: "meta.k8s.io/v1",
    metadata: { name: "a" },
  });
  expect(rows("Object")[0]?.object).toEqual(objects[0]);
});
