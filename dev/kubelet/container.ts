/** One container's process: started, signalled, entered, and waited for. */

import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import { inNetns } from "#lib/sys/netns.ts";
import { type ContainerPlan, containerCommand, quote } from "./container-script.ts";

/** What it is started with. */
export type ContainerStart = {
  readonly plan: ContainerPlan;
  /** Path of the network namespace it lives in. */
  readonly netns: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Its output goes into this file, which is made anew. */
  readonly log: string;
  /** The file that it may write its last words into; made anew as well. */
  readonly message: string;
};

/** A process that runs or has run. */
export interface RunningContainer {
  /** Its exit status; 128 and the signal's number where a signal ended it. */
  readonly exited: Promise<number>;
  /** The last words of its program, at most 4096 bytes; empty where there are none. */
  lastWords(): string;
  /** The end of its output, at most 2048 bytes. */
  logEnd(): string;
  /** One that has ended gets none. */
  signal(name: NodeJS.Signals): void;
  /** Ends everything in it at once. */
  kill(): void;
  /** Whether it has entered its own root: it is being made before, and has ended after. */
  isInside(): boolean;
  /** What its commands are run with as well. */
  readonly environment: Readonly<Record<string, string>>;
  /** A command in its namespaces and cgroup, and under its user. Throws where it is not inside. */
  command(words: readonly string[]): string[];
}

const SIGNAL_BASE = 128;
/** What the kubelet keeps of a termination message, and of a log in its stead. */
const MESSAGE_BYTES = 4_096;
const LOG_END_BYTES = 2_048;
/** Where programs are found unless the pod says. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Starts the process in its network namespace. */
export function startContainer(start: ContainerStart): RunningContainer {
  const { plan, netns } = start;
  const environment = { PATH: DEFAULT_PATH, ...start.environment };
  if (plan.cgroup !== undefined) mkdirSync(plan.cgroup, { recursive: true });
  mkdirSync(plan.layer, { recursive: true });
  for (const file of [start.log, start.message]) mkdirSync(dirname(file), { recursive: true });
  const log = openSync(start.log, "w", 0o644);
  writeFileSync(start.message, "");
  // For any user of the container; the mode at creation is cut by the umask.
  chmodSync(start.message, 0o666);
  const child = inNetns(netns, () =>
    Bun.spawn(containerCommand(plan), {
      env: environment,
      stdin: "ignore",
      stdout: log,
      stderr: log,
    }),
  );
  closeSync(log);
  return {
    environment,
    exited: child.exited.then((code) =>
      child.signalCode === null
        ? code
        : SIGNAL_BASE + constants.signals[child.signalCode as NodeJS.Signals],
    ),
    lastWords: () => readFileSync(start.message).subarray(0, MESSAGE_BYTES).toString(),
    logEnd: () => readFileSync(start.log).subarray(-LOG_END_BYTES).toString(),
    signal: (name) => {
      const inside = insideOf(child.pid);
      // Before that there is nobody who would listen.
      if (inside === undefined) kill(child.pid);
      else send(inside, name);
    },
    kill: () => {
      killCgroup(plan.cgroup);
      kill(child.pid);
    },
    isInside: () => insideOf(child.pid) !== undefined,
    command: (words) => enter(insideOf(child.pid), plan, words),
  };
}

/**
 * Ends a container by its first process, which takes all others along: where it has changed its user it does not end
 * with the program that made its namespaces, which is ended as well, for the status.
 */
function kill(parent: number): void {
  const first = firstOf(parent);
  for (const each of first === undefined ? [parent] : [first, parent]) send(each, "SIGKILL");
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Ends all processes of a cgroup, those of its children too. */
export function killCgroup(cgroup: string | undefined): void {
  const file = `${cgroup}/cgroup.kill`;
  if (cgroup !== undefined && existsSync(file)) writeFileSync(file, "1");
}

/** The container's own first process, the child of the program that made its namespaces, once it is in its own root. */
function insideOf(parent: number): number | undefined {
  const first = firstOf(parent);
  try {
    // By what lies at its root: the path of the root means nothing where this process is in a chroot itself.
    if (first === undefined || isSame(statSync(`/proc/${first}/root/`), statSync("/")))
      return undefined;
    return first;
  } catch {
    return undefined;
  }
}

/** The child of the program that makes the namespaces, once there is one. */
function firstOf(parent: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").split(" ");
    return first ? Number(first) : undefined;
  } catch {
    return undefined;
  }
}

const isSame = (a: Stats, b: Stats): boolean => a.dev === b.dev && a.ino === b.ino;

function enter(pid: number | undefined, plan: ContainerPlan, words: readonly string[]): string[] {
  if (pid === undefined)
    throw new Error("Cannot run a command in the container: it has not started, or has ended");
  const user = ["--reuid", String(plan.uid), "--regid", String(plan.gid), "--clear-groups"];
  return [
    ...(plan.cgroup === undefined ? [] : joining(plan.cgroup)),
    ...["nsenter", "--target", String(pid), "--mount", "--uts", "--net", "--pid", "--root", "--wd"],
    ...["setpriv", ...user, "--bounding-set", "-all", "--inh-caps", "-all", "--", ...words],
  ];
}

/** What comes after it belongs to the container as well: the mesh tells whose connections are whose by the cgroup. */
const joining = (cgroup: string): string[] => [
  ...["sh", "-ec", `echo 0 > ${quote(`${cgroup}/cgroup.procs`)}; exec "$@"`, "sh"],
];
