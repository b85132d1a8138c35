import { expect, test } from "bun:test";
import { REDIRECTS as AGENTS } from "../../cni/apply/choose.ts";
import { CNI, REDIRECTS } from "./cni.ts";

test("CNI names the ways to redirect that the agent knows", () => {
  expect([...REDIRECTS].toSorted()).toEqual([...AGENTS].toSorted());
  expect(CNI.redirect.initial).toBe("auto");
});
