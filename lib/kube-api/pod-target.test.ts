import { expect, test } from "bun:test";
import { FakeNode } from "../../test/fake/node-api.ts";
import type { ApiObject } from "./object.ts";
import { chooseContainer, nodeOf } from "./pod-target.ts";
import type { Served } from "./served.ts";

const pod = (annotations: Record<string, string> = {}): ApiObject => ({
  metadata: { name: "p", annotations },
  spec: { initContainers: [{ name: "i" }], containers: [{ name: "a" }, { name: "b" }] },
});
const DEFAULT = "kubectl.kubernetes.io/default-container";

test.each([
  ["the first", pod(), undefined, "a"],
  ["the annotated one", pod({ [DEFAULT]: "b" }), undefined, "b"],
  ["the named one", pod({ [DEFAULT]: "b" }), "i", "i"],
] as const)("%s is chosen", (_, of, name, chosen) => {
  expect(chooseContainer(of, name)).toBe(chosen);
});

test("another one is refused", () => {
  expect(() => chooseContainer(pod(), "x")).toThrow("container x is not valid for pod p");
});

test("a cluster without a node says what cannot be done", () => {
  const node = new FakeNode();
  expect(nodeOf({ node: () => node } as unknown as Served, "run")).toBe(node);
  const none = { node: () => undefined } as unknown as Served;
  expect(() => nodeOf(none, "run command")).toThrow(
    "Cannot run command: no node serves this cluster",
  );
});
