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
      { name: "A", value: "3" },
      { name: "B", value: "2" },
    ],
    warnings: [],
  });
});

test("mergeEnv() replaces a variable in its place, before those that name it, and adds others at the end", () => {
  const [ns, context] = ["_pod_ns", "CONTEXT"];
  const env = [
    { name: ns, value: "a" },
    { name: context, value: "$(_pod_ns)" },
  ];
  const extra = [
    { name: "NEW", value: "$(_pod_ns)" },
    { name: ns, value: "b" },
  ];
  expect(mergeEnv(env, extra)).toEqual([
    { name: ns, value: "b" },
    { name: context, value: "$(_pod_ns)" },
    { name: "NEW", value: "$(_pod_ns)" },
  ]);
});

test("mergeEnv() has a new value come after what it names", () => {
  const env = [
    { name: "LOG", value: "info" },
    { name: "B", value: "1" },
  ];
  const extra = [
    { name: "LEVEL", value: "debug" },
    { name: "LOG", value: "linkerd=$(LEVEL)" },
  ];
  expect(mergeEnv(env, extra).map(({ name }) => name)).toEqual(["B", "LEVEL", "LOG"]);
});

test.each([
  ["[", "it is no JSON"],
  ["{}", "it is no list of variables"],
  ["[1]", "an entry has no name"],
  ['[{"name":"A=B"}]', '"A=B" is no name of a variable'],
  ['[{"name":"."}]', '"." is no name of a variable'],
  ['[{"name":".."}]', '".." is no name of a variable'],
  ['[{"name":"..A"}]', '"..A" is no name of a variable'],
  ['[{"name":"A","valueFrom":{"fieldRef":{}}}]', 'fieldRef of "A" must have fieldPath'],
  ['[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":""}}}]', 'fieldRef of "A" must have'],
  ['[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":1}}}]', 'fieldRef of "A" must have'],
  [
    '[{"name":"A","valueFrom":{"resourceFieldRef":{}}}]',
    'resourceFieldRef of "A" must have resource',
  ],
  [
    '[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"c"}}}]',
    'configMapKeyRef of "A" must have name, key',
  ],
  [
    '[{"name":"A","valueFrom":{"secretKeyRef":{"key":"k"}}}]',
    'secretKeyRef of "A" must have name, key',
  ],
  ['[{"name":"A","value":1}]', 'the value of "A" is no text'],
  ['[{"name":"A","valueFrom":{}}]', 'valueFrom of "A" must have one of'],
  ['[{"name":"A","valueFrom":{"fileRef":{}}}]', 'valueFrom of "A" must have one of'],
  [
    '[{"name":"A","value":"x","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}}]',
    '"A" has value and valueFrom',
  ],
  [JSON.stringify(new Array(257).fill({ name: "A" })), "it has more than 256 variables"],
])("additionalEnv() does not use %.60s", (text, why) => {
  const { env, warnings } = additionalEnv({ pod: { [key]: text }, namespace: undefined });
  expect(env).toEqual([]);
  expect(warnings[0]).toStartWith(`annotation ${key} is not used: ${why}`);
});

test.each([
  '{"secretKeyRef":{"name":"s","key":"k"}}',
  '{"resourceFieldRef":{"resource":"limits.cpu"}}',
])("additionalEnv() takes %s", (text) => {
  const pod = { [key]: `[{"name":".A","valueFrom":${text}}]` };
  expect(additionalEnv({ pod, namespace: undefined }).env).toEqual([
    { name: ".A", valueFrom: JSON.parse(text) },
  ]);
});

test("additionalEnv() takes a value from elsewhere, and nothing that no variable has", () => {
  const text = '[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}},"x":1}]';
  expect(additionalEnv({ pod: { [key]: text }, namespace: undefined }).env).toEqual([
    { name: "A", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  ]);
});
