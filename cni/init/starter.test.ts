import { expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";

const canBuild = Bun.which("clang") !== null || Bun.which("gcc") !== null;
const isRoot = process.getuid?.() === 0;

/** Builds it for a program that shows how it was started. */
function build(folder: string): void {
  const shown = `#!/bin/sh\necho "$0 $*"\ngrep CapAmb /proc/self/status\n`;
  writeFileSync(`${folder}/shown`, shown);
  for (const path of [folder, `${folder}/shown`]) chmodSync(path, 0o755);
  const words = [`${folder}/starter`, `-DPROGRAM="${folder}/shown"`];
  const { exitCode, stderr } = Bun.spawnSync(["sh", `${import.meta.dir}/build.sh`, ...words]);
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
}

test.skipIf(!canBuild)(
  "the starter becomes the program with its arguments (needs a C compiler)",
  () => {
    const folder = mkdtempSync(`${tmpdir()}/starter-`);
    try {
      build(folder);
      const run = Bun.spawnSync([`${folder}/starter`, "--ipv6=false", "x y"]);
      expect(run.stdout.toString()).toStartWith(`${folder}/shown --ipv6=false x y\n`);
      rmSync(`${folder}/shown`);
      const lost = Bun.spawnSync([`${folder}/starter`]);
      expect([lost.exitCode, lost.stderr.toString()]).toEqual([
        127,
        `Cannot run ${folder}/shown\n`,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test.skipIf(
  !canBuild || !isRoot || ["setpriv", "python3"].some((name) => Bun.which(name) === null),
)(
  "the starter's own capabilities are the program's, also of nobody who can gain none (needs root, setpriv, Python 3 and a C compiler)",
  () => {
    const folder = mkdtempSync(`${tmpdir()}/starter-`);
    try {
      build(folder);
      const set =
        "import os, sys; os.setxattr(sys.argv[1], 'security.capability', bytes.fromhex('0100000200300000003000000000000000000000'))";
      Bun.spawnSync(["python3", "-c", set, `${folder}/starter`]);
      const started = (...how: string[]): string =>
        Bun.spawnSync(["setpriv", "--reuid=65534", "--clear-groups", ...how, `${folder}/starter`])
          .stdout.toString()
          .split("\n")[1] ?? "";
      expect(started()).toBe("CapAmb:\t0000000000003000");
      // As a container runtime leaves it: capabilities of the process, and none to be gained.
      const kept = ["--inh-caps=+net_admin,+net_raw", "--ambient-caps=+net_admin,+net_raw"];
      expect(started("--no-new-privs", ...kept)).toBe("CapAmb:\t0000000000003000");
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
