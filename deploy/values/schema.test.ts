import { expect, test } from "bun:test";
import Ajv from "ajv";
import { createValues, HA, valuesSchema } from "../values.ts";
import { integer, version } from "./kinds.ts";
import { defaultsOf, mapValues, schemaOf } from "./schema.ts";

const GROUP = { a: version("A"), below: { b: integer("B", { initial: 1 }) } };

test("schemaOf() has types, defaults and descriptions, and no other name", () => {
  expect(schemaOf(GROUP, "9")).toEqual({
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    additionalProperties: false,
    properties: {
      a: { description: "A", type: "string", pattern: "\\S", default: "9" },
      below: {
        type: "object",
        additionalProperties: false,
        properties: { b: { description: "B", type: "integer", minimum: 0, default: 1 } },
      },
    },
  });
  expect(defaultsOf(GROUP, "9")).toEqual({ a: "9", below: { b: 1 } });
  expect(mapValues(GROUP, (_, path) => path)).toEqual({ a: "a", below: { b: "below.b" } });
});

test("the schema of all values takes the defaults and those of --ha, and no slip of the pen", () => {
  const ajv = new Ajv({ strict: false });
  const valid = (values: unknown): boolean => ajv.validate(valuesSchema("1.2.3"), values);
  expect([valid(createValues("1.2.3")), valid(createValues("1.2.3", HA)), valid(HA)]).toEqual([
    true,
    true,
    true,
  ]);
  expect(valid({ proxy: { logLvel: "debug" } })).toBe(false);
  expect(valid({ proxyInit: { iptablesMode: "nft" } })).toBe(false);
});
