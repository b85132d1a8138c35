/** An instance of dev mode on this machine: its folders, its cgroup, and everything of it that may be left behind. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mount, umount } from "#lib/sys/libc.ts";
import { killCgroup } from "./kubelet/container.ts";
import { removeCgroup } from "./kubelet/sandbox.ts";

/** Where an instance lives. */
export type Instance = {
  readonly name: string;
  /** A tmpfs of its own; everything else of the instance is below it. */
  readonly root: string;
  /** Its cgroup; undefined where the machine has no cgroup2. */
  readonly cgroup: string | undefined;
};

const RUN = "/run/bunkerd";
/** The process that owns the instance. */
const PID_FILE = "pid";
/** Bytes that an instance may keep in memory: logs, layers and volumes of its pods. */
const TMPFS_LIMIT = "2g";
const NAME = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;
/** Milliseconds between looks at what is still ending, and how many looks. */
const LOOK_MS = 20;
const LOOKS = 500;

/** The places of an instance. Throws for a name that is no label. */
export function instanceOf(name: string): Instance {
  if (!NAME.test(name))
    throw new Error(`Cannot use name ${name}: use letters, digits and dashes, at most 32`);
  const base = cgroupRoot();
  return {
    name,
    root: `${RUN}/${name}`,
    cgroup: base === undefined ? undefined : `${base}/bunkerd-${name}`,
  };
}

/** Where cgroup2 is mounted, alone or beside version 1; undefined where it is not. */
export function cgroupRoot(): string | undefined {
  return ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((path) =>
    existsSync(`${path}/cgroup.procs`),
  );
}

/** Makes the instance's folders and cgroup, and moves this process into the kubelet's place. */
export function createInstance({ root, cgroup }: Instance): void {
  mkdirSync(root, { recursive: true });
  run(["mount", "-t", "tmpfs", "-o", `mode=0755,size=${TMPFS_LIMIT}`, "bunkerd", root]);
  // Namespaces and a bpffs that are mounted later have to reach containers that already run.
  run(["mount", "--make-shared", root]);
  writeFileSync(`${root}/${PID_FILE}`, `${process.pid} ${startOf(process.pid)}`);
  for (const folder of [
    "run/netns",
    "run/linkerd-cni",
    "etc/cni/net.d",
    "opt/cni/bin",
    "sys/fs/bpf",
  ])
    mkdirSync(`${root}/host/${folder}`, { recursive: true });
  mount("bpf", `${root}/host/sys/fs/bpf`, "mode=0700");
  if (cgroup === undefined) return;
  mkdirSync(`${cgroup}/kubepods`, { recursive: true });
  mkdirSync(`${cgroup}/kubelet`, { recursive: true });
  writeFileSync(`${cgroup}/kubelet/cgroup.procs`, String(process.pid));
}

/** The process that owns the instance, if it still runs. */
export function ownerOf({ root }: Instance): number | undefined {
  const file = `${root}/${PID_FILE}`;
  if (!existsSync(file)) return undefined;
  const [pid, start] = readFileSync(file, "utf8").split(" ").map(Number);
  // Numbers are used again: another process of the same number has started at another time.
  return pid !== undefined && start !== undefined && startOf(pid) === start ? pid : undefined;
}

/** When a process started, in the kernel's ticks; undefined where there is none. */
function startOf(pid: number): number | undefined {
  try {
    // The 22nd field; the second is the program's name in brackets, which may hold anything.
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19]);
  } catch {
    return undefined;
  }
}

/**
 * Ends every process of the instance and removes its mounts, namespaces, pins, cgroups and folders, whoever made them.
 * Throws where something does not end.
 */
export async function removeInstance({ root, cgroup }: Instance): Promise<void> {
  if (cgroup !== undefined && existsSync(cgroup)) {
    leave(cgroup);
    killCgroup(cgroup);
    await until(`cgroup ${cgroup} is empty`, () => {
      removeCgroup(cgroup);
      return !existsSync(cgroup);
    });
  }
  await until(`no process of ${root} is left`, () => killByRoot(root) === 0);
  for (const path of mountsBelow(root)) umount(path);
  rmSync(root, { recursive: true, force: true });
  if (existsSync(RUN) && readdirSync(RUN).length === 0) rmSync(RUN, { recursive: true });
}

/** Moves this process out of the instance's cgroup, if it is in there. */
function leave(cgroup: string): void {
  const file = `${cgroup}/kubelet/cgroup.procs`;
  if (!existsSync(file)) return;
  if (readFileSync(file, "utf8").split("\n").includes(String(process.pid)))
    writeFileSync(`${cgroupRoot()}/cgroup.procs`, String(process.pid));
}

/** Ends processes whose root lies in the instance, what is left where there was no cgroup to end them by; how many there were. */
function killByRoot(root: string): number {
  const left = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isOf(root, name));
  for (const pid of left) kill(Number(pid));
  return left.length;
}

/** Whether the layer over its root is the instance's: a container of it. */
function isOf(root: string, pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(`upperdir=${root}/`);
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended in between.
  }
}

/** The mounts at and below a folder, deepest first. */
function mountsBelow(root: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path === root || path.startsWith(`${root}/`))
    .toReversed();
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    if (holds()) return;
    await Bun.sleep(LOOK_MS);
  }
  throw new Error(`Cannot clean up: ${what} is not so after ${(LOOKS * LOOK_MS) / 1000} s`);
}

function run(command: string[]): void {
  const done = Bun.spawnSync(command);
  if (done.exitCode !== 0)
    throw new Error(`Cannot run ${command.join(" ")}: ${done.stderr.toString().trim()}`);
}
