/** Where a node's pods and its kubelet live in the cgroup tree. */

import { existsSync } from "node:fs";

/** systemd's names first, then those without it, then those of a node inside a container (kind). */
const PODS = [
  "kubepods.slice",
  "kubepods",
  "kubelet.slice/kubelet-kubepods.slice",
  "kubelet/kubepods",
];
const KUBELET = ["system.slice/kubelet.service", "kubelet.slice/kubelet.service", "kubelet"];
/** Where cgroup2 is mounted on a node that still has cgroup v1. */
const HYBRID = "unified";

/** The cgroups of a node. */
export interface NodeCgroups {
  readonly pods: string;
  /** Only where it holds the kubelet and no pods: else their connections would count as probes. */
  readonly kubelet: string | undefined;
}

/** Finds them below the root of the cgroup tree; undefined where no cgroup of pods is there. */
export function findCgroups(root: string): NodeCgroups | undefined {
  for (const base of [root, `${root}/${HYBRID}`]) {
    const pods = first(base, PODS);
    if (pods === undefined) continue;
    const kubelet = first(
      base,
      KUBELET.filter((name) => !`${pods}/`.startsWith(`${base}/${name}/`)),
    );
    return { pods, kubelet };
  }
  return undefined;
}

function first(base: string, names: readonly string[]): string | undefined {
  const found = names.find((name) => existsSync(`${base}/${name}/cgroup.procs`));
  return found === undefined ? undefined : `${base}/${found}`;
}
