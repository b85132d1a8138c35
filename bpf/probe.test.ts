import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { mount, umount } from "#lib/sys/libc.ts";
import { CGROUP2 } from "../test/integration/redirect-node.ts";
import { probeTier1, provideBpffs } from "./probe.ts";

const root = process.getuid?.() === 0 && CGROUP2 !== "";

test.skipIf(!root)("probeTier1() finds this machine able, and leaves nothing (needs root)", () => {
  const bpfRoot = mkdtempSync("/tmp/bpffs-");
  const cgroup = `${CGROUP2}/bunkerd-probed-${process.pid}`;
  mkdirSync(cgroup);
  try {
    expect(probeTier1({ cgroup, bpfRoot })).toBe(`${bpfRoot} is no bpffs`);
    expect(probeTier1({ cgroup: "/tmp", bpfRoot })).toBe("/tmp is no cgroup2");
    expect(probeTier1({ cgroup: "/nowhere", bpfRoot })).toContain("ENOENT");
    mount("bpf", bpfRoot, "mode=0700");
    try {
      expect(probeTier1({ cgroup, bpfRoot })).toBeUndefined();
      expect(readdirSync(bpfRoot).filter((name) => !name.endsWith(".debug"))).toEqual([]);
      // One that was cut short.
      for (const left of [cgroup, bpfRoot]) mkdirSync(`${left}/bunkerd-probe-${process.pid}`);
      expect(probeTier1({ cgroup, bpfRoot })).toBeUndefined();
      expect(readdirSync(cgroup).filter((name) => name.startsWith("bunkerd"))).toEqual([]);
    } finally {
      umount(bpfRoot);
    }
  } finally {
    rmdirSync(bpfRoot);
    rmdirSync(cgroup);
  }
});

test.skipIf(!root)("provideBpffs() mounts only where the host sees it (needs root)", () => {
  const folder = mkdtempSync("/tmp/shared-");
  const bpfRoot = `${folder}/bpf`;
  mount("tmpfs", folder, "mode=0700");
  try {
    mkdirSync(bpfRoot);
    Bun.spawnSync(["mount", "--make-private", folder]);
    provideBpffs(bpfRoot);
    const cgroup = CGROUP2;
    expect(probeTier1({ cgroup, bpfRoot })).toBe(`${bpfRoot} is no bpffs`);
    Bun.spawnSync(["mount", "--make-shared", folder]);
    provideBpffs(bpfRoot);
    provideBpffs(bpfRoot);
    expect(probeTier1({ cgroup, bpfRoot })).toBeUndefined();
    umount(bpfRoot);
    expect(probeTier1({ cgroup, bpfRoot })).toBe(`${bpfRoot} is no bpffs`);
  } finally {
    umount(folder);
    rmdirSync(folder);
  }
});
