import { expect, test } from "bun:test";
import { readWorkload } from "./workload-token.ts";

test.each([
  ['{"ns":"shop", "pod":"web-1"}\n', { namespace: "shop", name: "web-1", external: false }],
  ["shop:web-1", { namespace: "shop", name: "web-1", external: false }],
  ['{"ns":"shop","external_workload":"vm-1"}', { namespace: "shop", name: "vm-1", external: true }],
])("INB1: readWorkload() reads %p", (token, name) => {
  expect(readWorkload(token)).toEqual(name);
});

test.each([
  "",
  "{}",
  "null",
  "shop",
  "a:b:c",
  '{"ns":"shop"}',
  '{"ns":1,"pod":"a"}',
  '{"pod":"a"}',
])("INB1: readWorkload() refuses %p", (token) => {
  expect(readWorkload(token)).toBeUndefined();
});
