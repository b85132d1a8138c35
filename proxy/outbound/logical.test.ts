import { expect, test } from "bun:test";
import type { RequestMatch } from "../policy/client-policy.ts";
import { defaultMetadata } from "../policy/default-policy.ts";
import type { ResolvedRule } from "./discover.ts";
import { pickBackend, pickRule } from "./logical.ts";

const rule = (name: string, ...matches: RequestMatch[]): ResolvedRule => ({
  metadata: defaultMetadata(name),
  matches,
  backends: [],
  totalWeight: 0,
});
const path = (type: "exact" | "prefix", value: string, method?: string): RequestMatch => ({
  path: { type, value },
  method,
});
const RULES = [
  rule("exact", path("exact", "/a/b")),
  rule("post", path("prefix", "/a", "POST")),
  rule("prefix", path("prefix", "/a/")),
  rule("regex", { path: { type: "regex", value: /^\/r\d+$/ }, method: undefined }),
  rule("delete", { path: undefined, method: "DELETE" }),
];

test.each([
  ["GET", "/a/b?q", "exact"],
  ["POST", "/a/x", "post"],
  ["GET", "/a", "prefix"],
  ["GET", "/ab", undefined],
  ["GET", "/r12", "regex"],
  ["DELETE", "/", "delete"],
])("pickRule() for %s %s is %p", (method, asked, name) => {
  expect(pickRule(RULES, { method, path: asked })?.metadata.name).toBe(name as string);
});

test("pickRule() takes a rule without matches, or the root, for everything", () => {
  expect(pickRule([rule("any")], { method: "GET", path: "/" })?.metadata.name).toBe("any");
  expect(
    pickRule([rule("root", path("prefix", "/"))], { method: "GET", path: "/x" })?.metadata.name,
  ).toBe("root");
});

test("pickBackend() picks by weight", () => {
  const backend = (message: string, weight: number) => ({ balancer: undefined, message, weight });
  const weighted = { ...rule("w"), backends: [backend("a", 1), backend("b", 3)], totalWeight: 4 };
  expect([0, 0.24, 0.25, 0.99].map((chance) => pickBackend(weighted, chance)?.message)).toEqual([
    "a",
    "a",
    "b",
    "b",
  ]);
  expect(pickBackend({ ...weighted, backends: [backend("only", 0)] }, 0)?.message).toBe("only");
  expect(pickBackend({ ...weighted, backends: [], totalWeight: 0 }, 0)).toBeUndefined();
});
