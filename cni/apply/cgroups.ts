/** Where a node's pods and its kubelet live in the cgroup tree. */

import { existsSync, readdirSync } from "node:fs";

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

/** A cgroup of pods, whatever stands before: `kubepods`, `kubelet-kubepods.slice`. */
const PODS_NAME = /(?:^|-)kubepods(?:\.slice)?$/;
/** So deep below the root of the tree the agent's own pod is looked for. */
const DEPTH = 6;

/**
 * Finds them below the root of the cgroup tree: the pods' by the agent's own pod, as several nodes may share a machine;
 * where that is not found, by the names that kubelets use. Where no cgroup of pods is there (a kubelet on cgroup v1, or with
 * names of its own), cgroup2's root holds the pods as well; a socket load balancer there may then run before us.
 * Undefined where there is no cgroup2.
 */
export function findCgroups(root: string, ownPodUid = ""): NodeCgroups | undefined {
  // Below the other root there may be cgroup v1, whose folders have the same names.
  const bases = [`${root}/${HYBRID}`, root].filter(isCgroup);
  for (const base of bases) {
    const pods = podsOf(base, ownPodUid) ?? first(base, PODS);
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

/** The cgroup of pods that this pod is in. */
function podsOf(base: string, uid: string): string | undefined {
  if (uid === "") return undefined;
  // systemd's names have no dashes but those that they mean.
  const forms = [`pod${uid}`, `pod${uid.replaceAll("-", "_")}`];
  const search = (folder: string, depth: number): string | undefined => {
    for (const name of foldersIn(folder)) {
      if (forms.some((form) => name.includes(form))) return folder;
      const found = depth > 1 ? search(`${folder}/${name}`, depth - 1) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (let at = search(base, DEPTH) ?? base; at !== base; at = at.slice(0, at.lastIndexOf("/")))
    if (PODS_NAME.test(at.slice(at.lastIndexOf("/") + 1))) return at;
  return undefined;
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

const isCgroup = (path: string): boolean => existsSync(`${path}/cgroup.procs`);

function first(base: string, names: readonly string[]): string | undefined {
  const found = names.find((name) => isCgroup(`${base}/${name}`));
  return found === undefined ? undefined : `${base}/${found}`;
}
