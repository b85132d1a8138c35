import { expect, test } from "bun:test";
import { hostPath, type KubeletNode } from "./node.ts";

test.each([
  ["/sys/fs/cgroup", "/cg", "/cg"],
  ["/sys/fs/cgroup", undefined, "/root/host/sys/fs/cgroup"],
  ["/sys/fs/bpf", "/cg", "/root/host/sys/fs/bpf"],
  ["/var/run/netns", "/cg", "/root/host/run/netns"],
])("hostPath() of %s with cgroup %s is %s", (path, cgroup, expected) => {
  expect(hostPath({ root: "/root", cgroup } as KubeletNode, path)).toBe(expected);
});
