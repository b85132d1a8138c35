import { expect, test } from "bun:test";
import { distil } from "./distil.ts";

const FILE = `
#
---
kind: CustomResourceDefinition
spec:
  description: prose
  properties:
    description: {type: string, description: prose}
    properties:
      properties: {a: {description: prose, enum: [x]}}
status: {conditions: null}
---
kind: ValidatingAdmissionPolicy
`;

test("distil() has definitions alone, a line each, without prose and with properties of any name", () => {
  expect(distil(FILE)).toEqual([
    JSON.stringify({
      kind: "CustomResourceDefinition",
      spec: {
        properties: {
          description: { type: "string" },
          properties: { properties: { a: { enum: ["x"] } } },
        },
      },
    }),
  ]);
});
