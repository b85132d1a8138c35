import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { readTree } from "./files.ts";

test("readTree() has files with their modes, and links, where they are placed", () => {
  const root = mkdtempSync(`${tmpdir()}/files-test-`);
  mkdirSync(`${root}/lib/deep`, { recursive: true });
  writeFileSync(`${root}/lib/deep/data`, "x");
  writeFileSync(`${root}/lib/program`, "y");
  writeFileSync(`${root}/left-out`, "z");
  chmodSync(`${root}/lib/deep/data`, 0o600);
  chmodSync(`${root}/lib/program`, 0o744);
  symlinkSync("program", `${root}/lib/link`);
  const tree = readTree(root, (path) => (path === "left-out" ? undefined : `usr/${path}`));
  rmSync(root, { recursive: true });
  expect([...tree.keys()].sort()).toEqual(["usr/lib/deep/data", "usr/lib/link", "usr/lib/program"]);
  expect(tree.get("usr/lib/deep/data")).toMatchObject({ type: "file", mode: 0o644 });
  expect(tree.get("usr/lib/program")).toMatchObject({ type: "file", mode: 0o755 });
  expect(tree.get("usr/lib/link")).toEqual({ type: "link", target: "program" });
});
