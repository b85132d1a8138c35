import { expect, test } from "bun:test";
import { additionalEnv, mergeEnv } from "./additional-env.ts";

const key = "config.linkerd.io/proxy-additional-env";
const list = (...pairs: (readonly [string, string])[]): string =>
  JSON.stringify(pairs.map(([name, value]) => ({ name, value })));

test("mergeEnv() replaces by name, additionalEnv() takes the pod's list over its namespace's", () => {
  expect(
    additionalEnv({
      namespace: { [key]: list(["A", "1"], ["B", "2"]) },
      pod: { [key]: list(["A", "3"]) },
    }),
  ).toEqual({
    env: [
      { name: "B", value: "2" },
      { name: "A", value: "3" },
    ],
    warnings: [],
  });
  expect(mergeEnv([{ name: "A", value: "1" }], [{ name: "A", value: "2" }])).toEqual([
    { name: "A", value: "2" },
  ]);
});

test.each([
  ["[", "it is no JSON"],
  ["{}", "it is no list of variables"],
  ["[1]", "an entry has no name"],
  ['[{"name":"A=B"}]', '"A=B" is no name of a variable'],
  ['[{"name":"A","value":1}]', 'the value of "A" is no text'],
  ['[{"name":"A","valueFrom":{}}]', 'valueFrom of "A" must have one of'],
  ['[{"name":"A","valueFrom":{"fileRef":{}}}]', 'valueFrom of "A" must have one of'],
  ['[{"name":"A","value":"x","valueFrom":{"fieldRef":{}}}]', '"A" has value and valueFrom'],
  [JSON.stringify(new Array(257).fill({ name: "A" })), "it has more than 256 variables"],
])("additionalEnv() does not use %.60s", (text, why) => {
  const { env, warnings } = additionalEnv({ pod: { [key]: text }, namespace: undefined });
  expect(env).toEqual([]);
  expect(warnings[0]).toStartWith(`annotation ${key} is not used: ${why}`);
});

test("additionalEnv() takes a value from elsewhere, and nothing that no variable has", () => {
  const text = '[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}},"x":1}]';
  expect(additionalEnv({ pod: { [key]: text }, namespace: undefined }).env).toEqual([
    { name: "A", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  ]);
});
