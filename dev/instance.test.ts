import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { uniqueInstance } from "../test/fake/dev-cluster.ts";
import { createInstance, type Instance, instanceOf, ownerOf, removeInstance } from "./instance.ts";

let instance: Instance;
beforeEach(() => {
  instance = uniqueInstance();
});
afterEach(async () => {
  await removeInstance(instance);
});

const mounts = (): string[] =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(instance.root));
const ownCgroup = (): string => readFileSync("/proc/self/cgroup", "utf8");

test("createInstance() makes folders, a bpffs and a cgroup; removeInstance() leaves nothing", async () => {
  const before = ownCgroup();
  createInstance(instance);
  expect(ownerOf(instance)).toBe(process.pid);
  expect(mounts()).toEqual([instance.root, `${instance.root}/host/sys/fs/bpf`]);
  expect(existsSync(`${instance.root}/host/etc/cni/net.d`)).toBe(true);
  if (instance.cgroup !== undefined)
    expect(ownCgroup()).toContain(`/bunkerd-${instance.name}/kubelet`);
  await removeInstance(instance);
  expect(ownerOf(instance)).toBeUndefined();
  expect(mounts()).toEqual([]);
  expect(existsSync(instance.root)).toBe(false);
  if (instance.cgroup !== undefined) {
    expect(existsSync(instance.cgroup)).toBe(false);
    expect(ownCgroup()).not.toContain(instance.name);
  }
  expect(before).not.toContain(instance.name);
});

test("another process of the owner's number is not the owner", () => {
  createInstance(instance);
  writeFileSync(`${instance.root}/pid`, `${process.pid} 1`);
  expect(ownerOf(instance)).toBeUndefined();
  writeFileSync(`${instance.root}/pid`, "4194304 1");
  expect(ownerOf(instance)).toBeUndefined();
  writeFileSync(`${instance.root}/pid`, "");
  expect(ownerOf(instance)).toBeUndefined();
});

test("what a killed owner leaves is removed, pods that run too, and the name is free again", async () => {
  const script = new URL("../test/fake/dev-owner.ts", import.meta.url).pathname;
  const owner = Bun.spawn([process.execPath, script, instance.name], { stdout: "pipe" });
  const { value } = await owner.stdout.getReader().read();
  expect(Buffer.from(value ?? []).toString()).toBe("ready\n");
  expect(ownerOf(instance)).toBe(owner.pid);
  owner.kill("SIGKILL");
  await owner.exited;
  expect(ownerOf(instance)).toBeUndefined();
  expect(mounts().length).toBeGreaterThan(2);
  await removeInstance(instance);
  expect(mounts()).toEqual([]);
  createInstance(instance);
  expect(ownerOf(instance)).toBe(process.pid);
});

test.each(["", "-a", "A", "a/b", "a".repeat(33)])("instanceOf() refuses %j", (name) => {
  expect(() => instanceOf(name)).toThrow("use letters, digits and dashes");
});
