import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { readIfThere, writeAtomic } from "./files.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/files-`);
});
afterEach(() => rmSync(dir, { recursive: true }));

test("writeAtomic() replaces a file, keeps its mode, and leaves nothing aside", () => {
  const path = `${dir}/10-net.conflist`;
  writeAtomic(path, "one");
  expect([readIfThere(path)?.toString(), statSync(path).mode & 0o777]).toEqual(["one", 0o644]);
  chmodSync(path, 0o600);
  writeAtomic(path, new Uint8Array([116, 119, 111]), { mode: 0o755 });
  expect([readIfThere(path)?.toString(), statSync(path).mode & 0o777]).toEqual(["two", 0o600]);
  writeAtomic(`${dir}/program`, "x", { mode: 0o755 });
  expect(statSync(`${dir}/program`).mode & 0o777).toBe(0o755);
  expect(readdirSync(dir).toSorted()).toEqual(["10-net.conflist", "program"]);
});

test("writeAtomic() and readIfThere() say what cannot be", () => {
  expect(() => writeAtomic("/nowhere/x", "")).toThrow("ENOENT");
  expect(readIfThere("/nowhere/x")).toBeUndefined();
  expect(() => readIfThere(dir)).toThrow("EISDIR");
});
