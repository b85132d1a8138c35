/** A node of one test: a cgroup tree, a bpffs and network namespaces of its own, all taken away at the end. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { spawnSync } from "bun";
import { closeAll, getObject, lookupElement } from "#lib/sys/bpf.ts";
import { mount, umount } from "#lib/sys/libc.ts";
import { unloadPrograms } from "../../cni/apply/programs.ts";

/** Where cgroup2 is mounted here: alone, or beside cgroup v1; empty where it is not. */
export const CGROUP2: string =
  ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].find((root) => existsSync(`${root}/cgroup.procs`)) ??
  "";
let nodes = 0;

/** Whether tests of this kind can run here. */
export const CAN_REDIRECT: boolean =
  process.getuid?.() === 0 && Bun.which("ip") !== null && CGROUP2 !== "";

/** Runs a command to its end and gives its output. Throws what it said where it failed. */
export function sh(...command: readonly string[]): string {
  const child = spawnSync([...command]);
  if (child.exitCode === 0) return child.stdout.toString();
  throw new Error(`Cannot run ${command.join(" ")}: ${child.stderr.toString()}`);
}

/** Waits for a condition, at most 5 seconds unless told otherwise. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  why: () => string,
  { withinMs = 5000 }: { readonly withinMs?: number } = {},
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Cannot wait longer: ${why()}`);
    await new Promise<void>((resolve) => setTimeout(resolve, 10));
  }
}

/** The node. */
export class ScratchNode {
  readonly dir: string = mkdtempSync("/tmp/node-");
  readonly bpfRoot: string = `${this.dir}/bpf`;
  readonly cgroupRoot: string;
  readonly #name = `bd${process.pid}-${nodes++}`;
  readonly #namespaces: string[] = [];

  constructor() {
    this.cgroupRoot = `${CGROUP2}/${this.#name}`;
    mkdirSync(this.bpfRoot);
    mount("bpf", this.bpfRoot, "mode=0700");
    for (const name of ["", "/kubepods", "/kubelet"]) mkdirSync(`${this.cgroupRoot}${name}`);
  }

  /** Makes a network namespace with a working loopback; its path. */
  namespace(name: string): string {
    const full = `${this.#name}-${name}`;
    sh("ip", "netns", "add", full);
    this.#namespaces.push(full);
    sh("ip", "-n", full, "link", "set", "lo", "up");
    return `/run/netns/${full}`;
  }

  /** Removes a namespace before the end. */
  deleteNamespace(path: string): void {
    const full = path.slice(path.lastIndexOf("/") + 1);
    sh("ip", "netns", "del", full);
    this.#namespaces.splice(this.#namespaces.indexOf(full), 1);
  }

  /** Names of what is pinned, without the maps. */
  pins(): string[] {
    const folder = `${this.bpfRoot}/bunkerd/v1`;
    if (!existsSync(folder)) return [];
    return readdirSync(folder).filter((name) => !name.startsWith("m_"));
  }

  /** How many of the first pods' places hold a listening socket. */
  listeners(): number {
    const map = getObject(`${this.bpfRoot}/bunkerd/v1/m_listeners`);
    if (map === undefined) return 0;
    const places = Array.from({ length: 8 }, (_, place) => Uint32Array.of(place));
    const held = places.filter((place) =>
      lookupElement(map, new Uint8Array(place.buffer), new Uint8Array(8)),
    );
    closeAll([map]);
    return held.length;
  }

  stop(): void {
    for (const name of this.#namespaces) sh("ip", "netns", "del", name);
    unloadPrograms(this.bpfRoot);
    umount(this.bpfRoot);
    removeCgroup(this.cgroupRoot);
    rmSync(this.dir, { recursive: true });
  }
}

function removeCgroup(path: string): void {
  for (const each of readdirSync(path, { withFileTypes: true }))
    if (each.isDirectory()) removeCgroup(`${path}/${each.name}`);
  rmdirSync(path);
}
