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

/**
 * Finds them below the root of the cgroup tree. Where no cgroup of pods is there (a kubelet on cgroup v1, or with
 * names of its own), cgroup2's root holds the pods as well; a socket load balancer there may then run before us.
 * Undefined where there is no cgroup2.
 */
export function findCgroups(root: string): NodeCgroups | undefined {
  const bases = [root, `${root}/${HYBRID}`];
  for (const base of bases) {
    const pods = first(base, PODS);
    if (pods === undefined) continue;
    const kubelet = first(
      base,
      KUBELET.filter((name) => !`${pods}/`.startsWith(`${base}/${name}/`)),
    );
    return { pods, kubelet };
  }
  const pods = bases.find(isCgroup);
  return pods === undefined ? undefined : { pods, kubelet: undefined };
}

const isCgroup = (path: string): boolean => existsSync(`${path}/cgroup.procs`);

function first(base: string, names: readonly string[]): string | undefined {
  const found = names.find((name) => isCgroup(`${base}/${name}`));
  return found === undefined ? undefined : `${base}/${found}`;
}
