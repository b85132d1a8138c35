import { expect, test } from "bun:test";
import { compileSchema } from "./schema.ts";

const schema = compileSchema({
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      properties: {
        port: { "x-kubernetes-int-or-string": true },
        list: {
          type: "array",
          items: { type: "object", properties: { a: { type: "string", default: "x" } } },
        },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        map: {
          type: "object",
          additionalProperties: { type: "object", properties: { b: { type: "integer" } } },
        },
        none: { type: "string", nullable: true },
      },
    },
  },
});

test("compileSchema() prunes, fills in and checks", () => {
  const spec = {
    port: "http",
    list: [{}],
    free: { any: 1 },
    map: { k: { b: 1, c: 2 } },
    none: null,
    lost: 1,
  };
  const complete = schema.complete({ apiVersion: "v", kind: "k", metadata: { name: "n" }, spec });
  expect(complete["spec"]).toEqual({
    port: "http",
    list: [{ a: "x" }],
    free: { any: 1 },
    map: { k: { b: 1 } },
    none: null,
  });
  expect(schema.check(complete)).toEqual([]);
  expect(schema.check({ metadata: {} })).toMatchObject([{ field: "<root>" }]);
  expect(schema.check({ spec: { list: 1 } })).toMatchObject([{ field: "spec.list" }]);
});

test("compileSchema() keeps everything without a schema", () => {
  expect(compileSchema(undefined).complete({ a: 1 })).toEqual({ a: 1 });
});
