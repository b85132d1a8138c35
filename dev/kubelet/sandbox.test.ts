import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { inNetns, netnsCookie } from "#lib/sys/netns.ts";
import type { KubeletNode } from "./node.ts";
import { createNetns, createSandbox, removeCgroup, removeNetns } from "./sandbox.ts";

let root: string;
let node: KubeletNode;
beforeEach(() => {
  root = mkdtempSync("/run/sandbox-");
  for (const folder of ["conf", "bin", "host/run/netns", "cgroup"])
    mkdirSync(`${root}/${folder}`, { recursive: true });
  const list = { cniVersion: "1.0.0", name: "net", plugins: [{ type: "net" }] };
  writeFileSync(`${root}/conf/10-net.conflist`, JSON.stringify(list));
  answer('{"ips":[{"address":"10.244.0.9/32"}]}');
  const here = "/proc/thread-self/ns/net";
  node = {
    ...{ ips: ["10.244.0.1"], netns: here, root, cgroup: `${root}/cgroup` },
    cni: {
      ...{ netns: here, run: `${root}/host/run` },
      ...{ configFolder: `${root}/conf`, pluginFolders: [`${root}/bin`] },
    },
  } as unknown as KubeletNode;
});
afterEach(() => rmSync(root, { recursive: true }));

/** What the network's plugin says to everything. */
function answer(text: string, status = 0): void {
  const script = `#!/bin/sh\ncat > /dev/null\necho '${text}'\nexit ${status}\n`;
  writeFileSync(`${root}/bin/net`, script, { mode: 0o755 });
}

const pod = (hostNetwork = false) => ({
  metadata: { name: "web", namespace: "a", uid: "u-1" },
  spec: { containers: [], hostNetwork },
});
const left = (): string[] =>
  ["pods", "host/run/netns", "cgroup/kubepods"].flatMap((folder) =>
    existsSync(`${root}/${folder}`) ? readdirSync(`${root}/${folder}`) : [],
  );

test("a pod gets a namespace, an address and a folder, and all of it is removed", async () => {
  const sandbox = await createSandbox(node, pod());
  expect(sandbox).toMatchObject({
    ips: ["10.244.0.9"],
    netns: `${root}/host/run/netns/cni-u-1`,
    folder: `${root}/pods/u-1`,
    cgroup: `${root}/cgroup/kubepods/podu-1`,
  });
  expect(netnsCookie(sandbox.netns)).not.toBe(netnsCookie("/proc/thread-self/ns/net"));
  expect(await sandbox.remove()).toEqual([]);
  expect(left()).toEqual([]);
});

test("a pod of the host's network has no namespace of its own", async () => {
  const sandbox = await createSandbox(node, pod(true));
  expect([sandbox.ips, sandbox.netns]).toEqual([node.ips, node.netns]);
  expect(readdirSync(`${root}/host/run/netns`)).toEqual([]);
  await sandbox.remove();
  expect(left()).toEqual([]);
});

test("a network that refuses leaves nothing behind", async () => {
  answer('{"code":11,"msg":"later"}', 1);
  const failure = await createSandbox(node, pod()).catch((error: unknown) => error);
  expect(String(failure)).toContain("Cannot ADD by net: later");
  expect(left()).toEqual([]);
});

test("a network that is gone is told, and does not keep the rest", async () => {
  const sandbox = await createSandbox(node, pod());
  rmSync(`${root}/conf/10-net.conflist`);
  const faults = await sandbox.remove();
  expect(faults.map(String)).toEqual([expect.stringContaining("Cannot find a network")]);
  expect(left()).toEqual([]);
});

test("addresses of IPv6 are not waited for in a namespace", () => {
  const netns = `${root}/settled`;
  createNetns(netns);
  try {
    const said = inNetns(netns, () =>
      Bun.spawnSync(["cat", "/proc/sys/net/ipv6/conf/default/accept_dad"]),
    );
    expect(said.stdout.toString()).toBe(existsSync("/proc/net/if_inet6") ? "0\n" : "");
  } finally {
    removeNetns(netns);
  }
});

test("a namespace that cannot be made leaves no file", () => {
  mkdirSync(`${root}/taken`);
  expect(() => createNetns(`${root}/taken`)).toThrow();
  removeNetns(`${root}/never-made`);
});

test("removeCgroup() removes what is empty, and leaves what is not", () => {
  mkdirSync(`${root}/group/below`, { recursive: true });
  removeCgroup(`${root}/group`);
  expect(existsSync(`${root}/group`)).toBe(false);
  mkdirSync(`${root}/busy`);
  writeFileSync(`${root}/busy/process`, "");
  removeCgroup(`${root}/busy`);
  expect(existsSync(`${root}/busy`)).toBe(true);
  removeCgroup(`${root}/none`);
});
