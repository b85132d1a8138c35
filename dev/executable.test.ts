import { expect, test } from "bun:test";
import { findExecutable } from "./executable.ts";

test("findExecutable() compiles this checkout into a program that runs by itself", async () => {
  const path = await findExecutable();
  const { stdout, exitCode } = Bun.spawnSync([path, "version", "--client"]);
  expect([exitCode, stdout.toString()]).toEqual([0, expect.stringContaining("version")]);
}, 20_000);
