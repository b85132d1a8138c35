import { expect, test } from "bun:test";
import { cliVariables, linkerdNamespace, wantsColours } from "./args.ts";

test("the namespace is linkerd unless the environment has another", () => {
  expect(linkerdNamespace({})).toBe("linkerd");
  expect(linkerdNamespace({ LINKERD_NAMESPACE: "mesh" })).toBe("mesh");
  expect(cliVariables()["PATH"]).toBeString();
});

test("terminals are coloured, pipes and NO_COLOR are not", () => {
  expect(wantsColours({}, {})).toBe(false);
  expect(wantsColours({}, { isTTY: true })).toBe(true);
  expect(wantsColours({ NO_COLOR: "1" }, { isTTY: true })).toBe(false);
});
