import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { findCgroups } from "./cgroups.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(`${tmpdir()}/cgroups-`);
});
afterEach(() => rmSync(root, { recursive: true }));

function make(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(`${root}/${name}`, { recursive: true });
    writeFileSync(`${root}/${name}/cgroup.procs`, "");
  }
}

test("findCgroups() knows systemd's names and takes them first", () => {
  expect(findCgroups(root)).toBeUndefined();
  make("kubepods", "kubepods.slice", "system.slice/kubelet.service");
  expect(findCgroups(root)).toEqual({
    pods: `${root}/kubepods.slice`,
    kubelet: `${root}/system.slice/kubelet.service`,
  });
});

test("findCgroups() never takes a cgroup that holds pods for the kubelet's", () => {
  make("kubelet", "kubelet/kubepods");
  expect(findCgroups(root)).toEqual({ pods: `${root}/kubelet/kubepods`, kubelet: undefined });
});

test("findCgroups() looks where cgroup2 stands beside cgroup v1", () => {
  make("unified/kubepods", "unified/kubelet");
  expect(findCgroups(root)).toEqual({
    pods: `${root}/unified/kubepods`,
    kubelet: `${root}/unified/kubelet`,
  });
});

test("findCgroups() takes the root of cgroup2 where no cgroup of pods is there", () => {
  make("unified");
  expect(findCgroups(root)).toEqual({ pods: `${root}/unified`, kubelet: undefined });
});
