import { expect, test } from "bun:test";
import { MarkReader } from "./mark-reader.ts";
import { ENTRIES_LIMIT, entriesOf, isPortRange, readPorts, withoutZeros } from "./ports.ts";

const ports = { admin: 4191, control: 4190, inbound: 4143, outbound: 4140 };

test("readPorts() takes annotations, but no port twice", () => {
  const read = (pod: Record<string, string>): unknown => {
    const reader = new MarkReader({ pod, namespace: undefined });
    return [readPorts(reader, ports), reader.warnings.length];
  };
  expect(read({ "config.linkerd.io/admin-port": "9191" })).toEqual([{ ...ports, admin: 9191 }, 0]);
  expect(read({ "config.linkerd.io/admin-port": "4143" })).toEqual([ports, 1]);
});

test("entriesOf() leaves blanks out, and does not go on for ever", () => {
  expect(entriesOf(" 1, ,2-3 ,")).toEqual(["1", "2-3"]);
  expect(entriesOf("1,".repeat(1e5))).toHaveLength(ENTRIES_LIMIT + 1);
});

test.each([
  ["80", true],
  ["1-65535", true],
  ["0", false],
  ["65536", false],
  ["-1", false],
  ["9-8", false],
  ["80-", false],
  ["080808", false],
])("isPortRange(%j) is %p", (text, is) => {
  expect(isPortRange(text)).toBe(is);
});

test.each([
  ["80", "80"],
  ["0080", "80"],
  ["08-010", "8-10"],
])("withoutZeros(%j) is %j", (entry, plain) => {
  expect(withoutZeros(entry)).toBe(plain);
});
