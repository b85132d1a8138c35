import { expect, test } from "bun:test";
import { type Entry, isOfSinglePlugin, primaryOf, withEntry, withoutEntry } from "./conflist.ts";

const ENTRY: Entry = { type: "linkerd-cni" };
const BRIDGE = { type: "bridge", ipam: { type: "host-local" } };
const LIST = { cniVersion: "1.0.0", name: "net", disableCheck: true, plugins: [BRIDGE] };
const file = (value: unknown, name = "10-net.conflist") => ({ name, text: JSON.stringify(value) });

test("primaryOf() is the first that a runtime would take", () => {
  expect(primaryOf(["20-b.conf", "10-a.conflist", "00-x.yaml", "05-x.conflist.bak"])).toBe(
    "10-a.conflist",
  );
  expect(primaryOf(["README"])).toBeUndefined();
});

test("withEntry() puts our entry last, once, and keeps the rest", () => {
  const changed = withEntry(file(LIST), ENTRY);
  expect(JSON.parse(changed?.text ?? "")).toEqual({ ...LIST, plugins: [BRIDGE, ENTRY] });
  expect(changed?.name).toBe("10-net.conflist");
  expect(withEntry(changed ?? file(LIST), ENTRY)).toBeUndefined();
  const moved = withEntry(file({ ...LIST, plugins: [ENTRY, BRIDGE, ENTRY] }), ENTRY);
  expect(moved?.text).toBe(changed?.text as string);
  const elsewhere = { ...ENTRY, runDir: "/run/other" };
  expect(withEntry(changed ?? file(LIST), elsewhere)?.text).toContain('"runDir": "/run/other"');
});

test("withEntry() makes a list of a single plugin", () => {
  const single = { cniVersion: "0.3.1", name: "net", ...BRIDGE };
  const changed = withEntry(file(single, "10-net.conf"), ENTRY);
  expect(changed?.name).toBe("10-net.conflist");
  expect(JSON.parse(changed?.text ?? "")).toEqual({
    cniVersion: "0.3.1",
    name: "net",
    plugins: [BRIDGE, ENTRY],
  });
  const bare = withEntry(file(BRIDGE, "10-net.conf"), ENTRY);
  expect(JSON.parse(bare?.text ?? "")).toMatchObject({ cniVersion: "0.3.1", name: "network" });
});

test.each([
  ["{", "it is no JSON"],
  ["[]", "it is no configuration"],
  ["{}", "it is no configuration"],
  ['{"plugins":[1]}', "it is no configuration"],
  ['{"plugins":[]}', "it has no plugin"],
  ['{"plugins":[{"type":"linkerd-cni"}]}', "it has no plugin but ours"],
])("withEntry() never touches %p", (text, message) => {
  expect(() => withEntry({ name: "a.conflist", text }, ENTRY)).toThrow(
    `Cannot use a.conflist: ${message}`,
  );
});

test("withoutEntry() gives what was there before", () => {
  const changed = withEntry(file(LIST), ENTRY) ?? file(LIST);
  expect(JSON.parse(withoutEntry(changed) ?? "")).toEqual(LIST);
  expect(withoutEntry(file(LIST))).toBeUndefined();
  expect(withoutEntry(file(BRIDGE))).toBeUndefined();
  expect(withoutEntry({ name: "a.conf", text: "{" })).toBeUndefined();
});

test("isOfSinglePlugin() knows the list that withEntry() makes of a single plugin's file", () => {
  const [made, longer] = [BRIDGE, { ...LIST, plugins: [BRIDGE, { type: "portmap" }] }].map(
    (config) => withEntry(file(config), ENTRY) ?? file(config),
  );
  expect([made, longer].map((each) => isOfSinglePlugin(each ?? file({})))).toEqual([true, false]);
  expect([file(LIST), file(BRIDGE), file({})].map(isOfSinglePlugin)).toEqual([false, false, false]);
});
