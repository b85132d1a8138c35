import { expect, test } from "bun:test";
import { CniCode, CniError, fail, succeed, tryLater } from "./result.ts";

test("succeed() prints what it is given, or nothing", () => {
  expect(succeed("done")).toEqual({ exit: 0, log: "done" });
  expect(succeed("done", { ips: [] })).toEqual({ exit: 0, log: "done", stdout: { ips: [] } });
});

test("H21: fail() has a code, the version received, and one line", () => {
  const known = new CniError("Cannot a", { code: CniCode.invalidConfig });
  expect(fail(known, "0.4.0").stdout).toEqual({ cniVersion: "0.4.0", code: 7, msg: "Cannot a" });
  expect(fail(new Error("Cannot b\nmore"), "1.0.0")).toEqual({
    exit: 1,
    stdout: { cniVersion: "1.0.0", code: 11, msg: "Cannot b" },
    log: "Cannot b",
  });
  expect(fail("thrown", "1.0.0").log).toBe("thrown");
  expect(tryLater("x").stdout).toMatchObject({ code: 11, msg: "x" });
});
