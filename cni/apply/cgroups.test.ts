import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { findCgroups } from "./cgroups.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(`${tmpdir()}/cgroups-`);
});
afterEach(() => rmSync(root, { recursive: true }));

/** The root has a cgroup of its own where it is one of cgroup2. */
function make(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(`${root}/${name}`, { recursive: true });
    writeFileSync(`${root}/${name}/cgroup.procs`, "");
  }
}

test("findCgroups() knows systemd's names and takes them first", () => {
  expect(findCgroups(root)).toBeUndefined();
  make(".", "kubepods", "kubepods.slice", "system.slice/kubelet.service");
  expect(findCgroups(root)).toEqual({
    pods: `${root}/kubepods.slice`,
    kubelet: `${root}/system.slice/kubelet.service`,
  });
});

test("findCgroups() never takes a cgroup that holds pods for the kubelet's", () => {
  make(".", "kubelet", "kubelet/kubepods");
  expect(findCgroups(root)).toEqual({ pods: `${root}/kubelet/kubepods`, kubelet: undefined });
});

test("findCgroups() looks where cgroup2 stands beside cgroup v1", () => {
  make("unified", "unified/kubepods", "unified/kubelet");
  expect(findCgroups(root)).toEqual({
    pods: `${root}/unified/kubepods`,
    kubelet: `${root}/unified/kubelet`,
  });
});

test("findCgroups() takes the root of cgroup2 where no cgroup of pods is there", () => {
  make("unified");
  expect(findCgroups(root)).toEqual({ pods: `${root}/unified`, kubelet: undefined });
});

test("findCgroups() goes by the agent's own pod where several nodes share a machine", () => {
  const pod = "besteffort/pod12ab-34cd";
  make(".", "node-1/kubepods", `node-1/kubepods/${pod}/container`, "node-2/kubepods");
  expect(findCgroups(root, "12ab-34cd")).toEqual({
    pods: `${root}/node-1/kubepods`,
    kubelet: undefined,
  });
  expect(findCgroups(root, "ff")).toEqual({ pods: root, kubelet: undefined });
});

test("findCgroups() knows a pod by systemd's name for it", () => {
  const slice = "kubelet.slice/kubelet-kubepods.slice";
  make(
    ".",
    `${slice}/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod12ab_34cd.slice`,
  );
  make(slice);
  expect(findCgroups(root, "12ab-34cd")?.pods).toBe(`${root}/${slice}`);
});
