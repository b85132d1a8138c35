import { expect, test } from "bun:test";
import { readContext } from "./context-token.ts";

const NOTHING = { namespace: "", node: "" };

test.each([
  ['{"ns":"shop", "nodeName":"node-1", "pod":"web-1"}\n', { namespace: "shop", node: "node-1" }, 0],
  ['{"nodeName":"node-1"}', { namespace: "", node: "node-1" }, 0],
  ["ns:shop", { namespace: "shop", node: "" }, 0],
  ["", NOTHING, 0],
  ['{"ns":1}', NOTHING, 0],
  ["shop", NOTHING, 1],
  ["null", NOTHING, 1],
])("DST17: readContext(%p)", (token, context, told) => {
  const tokens: string[] = [];
  expect(readContext(token, (each) => tokens.push(each))).toEqual(context);
  expect(tokens).toHaveLength(told);
});
