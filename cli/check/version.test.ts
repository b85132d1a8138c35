import { expect, test } from "bun:test";
import { findings } from "../../test/fake/installed.ts";
import { CONTROL_PLANE_VERSION, VERSION } from "./version.ts";

test("a control plane of another version than this program is a warning", async () => {
  expect(await findings(CONTROL_PLANE_VERSION)).toEqual({});
  expect(Object.values(await findings(CONTROL_PLANE_VERSION, { version: "9" }))).toEqual([
    "control plane running 1.2.3 but cli running 9",
  ]);
});

test("which version is expected is no question where none is named", async () => {
  expect(await findings(VERSION, { version: "9" })).toEqual({});
});
