import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { $ } from "bun";
import { type TarEntry, type TarTree, tar } from "./tar.ts";

const file = (text: string, mode = 0o644) =>
  ({ type: "file", mode, bytes: Buffer.from(text) }) as const;

test("tar() is read by tar, with owners, modes, links and folders", async () => {
  const long = `${"folder/".repeat(20)}file-with-a-name-of-its-own`;
  const tree: TarTree = new Map<string, TarEntry>([
    ["usr/bin/program", file("x".repeat(700), 0o755)],
    ["bin", { type: "link", target: "usr/bin" }],
    ["tmp", { type: "folder" }],
    [long, file("")],
  ]);
  const path = `${tmpdir()}/tar-test-${process.pid}.tar`;
  await Bun.write(path, Buffer.concat([...tar(tree)]));
  const listed = await $`TZ=UTC tar --numeric-owner -tvf ${path}`.text();
  await $`rm ${path}`;
  const lines = listed.trim().split("\n");
  expect(lines.filter((line) => !line.includes("folder/"))).toEqual([
    "lrwxrwxrwx 0/0               0 1970-01-01 00:00 bin -> usr/bin",
    "drwxr-xr-x 0/0               0 1970-01-01 00:00 tmp/",
    "drwxr-xr-x 0/0               0 1970-01-01 00:00 usr/",
    "drwxr-xr-x 0/0               0 1970-01-01 00:00 usr/bin/",
    "-rwxr-xr-x 0/0             700 1970-01-01 00:00 usr/bin/program",
  ]);
  expect(lines.find((line) => line.endsWith(long))).toStartWith("-rw-r--r-- 0/0               0");
});

test("L8: tar() gives the same bytes in whatever order things are named", () => {
  const entries = [
    ["b", file("2")],
    ["a", file("1")],
  ] as const;
  const one = Buffer.concat([...tar(new Map(entries))]);
  expect(Buffer.concat([...tar(new Map(entries.toReversed()))])).toEqual(one);
});

test.skipIf(process.getuid?.() !== 0 || Bun.which("python3") === null)(
  "tar() gives a file its capabilities, as tar unpacks them (needs root and Python 3)",
  async () => {
    const folder = mkdtempSync(`${tmpdir()}/tar-test-`);
    const entry = { ...file("x", 0o755), capabilities: [12, 13] };
    const tree: TarTree = new Map([["bin/program", entry]]);
    await Bun.write(`${folder}/all.tar`, Buffer.concat([...tar(tree)]));
    await $`tar --xattrs --xattrs-include=security.capability -xf all.tar`.cwd(folder);
    const script = "import os, sys; print(os.getxattr(sys.argv[1], 'security.capability').hex())";
    const value = await $`python3 -c ${script} ${folder}/bin/program`.text();
    rmSync(folder, { recursive: true });
    expect(value.trim()).toBe("0100000200300000003000000000000000000000");
  },
);

test("tar() refuses a name that does not fit", () => {
  const tree: TarTree = new Map([["x".repeat(101), file("")]]);
  expect(() => [...tar(tree)]).toThrow("too long");
  const link: TarTree = new Map([["a", { type: "link", target: "x".repeat(101) }]]);
  expect(() => [...tar(link)]).toThrow("too long");
});
