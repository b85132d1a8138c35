/** A pod's own network namespace, its cgroup and its folder. */

import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import type { Pod } from "#lib/k8s/types/core.ts";
import { umount } from "#lib/sys/libc.ts";
import { type Addresses, addToNetwork, type CniSandbox, removeFromNetwork } from "./cni.ts";
import { killCgroup } from "./container.ts";
import type { KubeletNode } from "./node.ts";

/** Where a pod lives. */
export type Sandbox = {
  readonly ips: Addresses;
  readonly netns: string;
  readonly folder: string;
  readonly cgroup: string | undefined;
  /** Ends what still runs and removes everything; what could not be removed is told. */
  remove(): Promise<Error[]>;
};

/** Makes a pod's sandbox; a failure leaves nothing behind. */
export async function createSandbox(node: KubeletNode, pod: Pod): Promise<Sandbox> {
  const uid = pod.metadata?.uid ?? "";
  const folder = `${node.root}/pods/${uid}`;
  mkdirSync(`${folder}/logs`, { recursive: true });
  const cgroup = node.cgroup === undefined ? undefined : `${node.cgroup}/kubepods/pod${uid}`;
  if (cgroup !== undefined) mkdirSync(cgroup, { recursive: true });
  const clean = (): void => {
    killCgroup(cgroup);
    if (cgroup !== undefined) removeCgroup(cgroup);
    rmSync(folder, { recursive: true, force: true });
  };
  if (pod.spec?.hostNetwork === true)
    return {
      ...{ ips: node.ips, netns: node.netns, folder, cgroup },
      remove: async () => {
        clean();
        return [];
      },
    };
  const sandbox = sandboxOf(pod);
  const netns = `${node.root}/host${sandbox.netns}`;
  const remove = async (): Promise<Error[]> => {
    killCgroup(cgroup);
    const faults = await removeFromNetwork(node.cni, sandbox);
    removeNetns(netns);
    clean();
    return faults;
  };
  try {
    createNetns(netns);
    return { ips: await addToNetwork(node.cni, sandbox), netns, folder, cgroup, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function sandboxOf({ metadata }: Pod): CniSandbox {
  const { uid = "", name = "", namespace = "" } = metadata ?? {};
  return {
    ...{ name, namespace, uid },
    containerId: uid.replaceAll("-", ""),
    netns: `/run/netns/cni-${uid}`,
  };
}

/** What makes an IPv6 address usable at once: nobody else can have it, as the network gives each but once. */
const SETTLED =
  'for f in /proc/sys/net/ipv6/conf/*/accept_dad; do [ ! -e "$f" ] || echo 0 > "$f"; done';

/** A namespace held by a mount of its own, its loopback up. */
export function createNetns(path: string): void {
  writeFileSync(path, "");
  const made = Bun.spawnSync([
    ...["unshare", `--net=${path}`, "sh", "-ec"],
    `ip link set lo up; ${SETTLED}`,
  ]);
  if (made.exitCode === 0) return;
  rmSync(path);
  throw new Error(`Cannot make network namespace ${path}: ${made.stderr.toString().trim()}`);
}

/** Lets go of a namespace; it ends with its last process. */
export function removeNetns(path: string): void {
  if (!existsSync(path)) return;
  umount(path);
  rmSync(path);
}

/** Removes an empty cgroup and those below it; one whose processes are still ending stays for later. */
export function removeCgroup(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroup(`${path}/${entry.name}`);
  try {
    rmdirSync(path);
  } catch {
    // Busy: `dev down` looks again.
  }
}
