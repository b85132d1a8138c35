import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { mount, umount } from "#lib/sys/libc.ts";
import { isBpffs, probeTier1 } from "./probe.ts";

const root = process.getuid?.() === 0;

test.skipIf(!root)("probeTier1() finds this machine able, and leaves nothing (needs root)", () => {
  const bpfRoot = mkdtempSync("/tmp/bpffs-");
  const cgroup = `/sys/fs/cgroup/unified/bunkerd-probed-${process.pid}`;
  mkdirSync(cgroup);
  try {
    expect(isBpffs(bpfRoot)).toBe(false);
    expect(probeTier1({ cgroup, bpfRoot })).toBe(`${bpfRoot} is no bpffs`);
    expect(probeTier1({ cgroup: "/tmp", bpfRoot })).toBe("/tmp is no cgroup2");
    expect(probeTier1({ cgroup: "/nowhere", bpfRoot })).toContain("ENOENT");
    mount("bpf", bpfRoot, "mode=0700");
    try {
      expect(isBpffs(bpfRoot)).toBe(true);
      expect(probeTier1({ cgroup, bpfRoot })).toBeUndefined();
      expect(readdirSync(bpfRoot).filter((name) => !name.endsWith(".debug"))).toEqual([]);
      mkdirSync(`${bpfRoot}/bunkerd-probe-${process.pid}`);
      expect(probeTier1({ cgroup, bpfRoot })).toContain("EEXIST");
      expect(probeTier1({ cgroup, bpfRoot })).toBeUndefined();
    } finally {
      umount(bpfRoot);
    }
  } finally {
    rmdirSync(bpfRoot);
    rmdirSync(cgroup);
  }
});
