/** One container's process: started, signalled, entered, and waited for. */

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { inNetns } from "#lib/sys/netns.ts";
import { type ContainerPlan, containerCommand } from "./container-script.ts";

/** What it is started with. */
export type ContainerStart = {
  readonly plan: ContainerPlan;
  /** Path of the network namespace it lives in. */
  readonly netns: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Its output goes to the end of this file. */
  readonly log: string;
};

/** A process that runs or has run. */
export interface RunningContainer {
  readonly plan: ContainerPlan;
  /** Its exit status; 128 and the signal's number where a signal ended it. */
  readonly exited: Promise<number>;
  signal(name: NodeJS.Signals): void;
  /** Ends everything in it at once. */
  kill(): void;
  /** A command in its namespaces and under its user. */
  command(words: readonly string[]): string[];
}

const SIGNAL_BASE = 128;

/** Starts the process in its network namespace. */
export function startContainer(start: ContainerStart): RunningContainer {
  const { plan, netns, environment } = start;
  if (plan.cgroup !== undefined) mkdirSync(plan.cgroup, { recursive: true });
  mkdirSync(plan.layer, { recursive: true });
  const log = openSync(start.log, "a", 0o644);
  const child = inNetns(netns, () =>
    Bun.spawn(containerCommand(plan), {
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...environment },
      stdin: "ignore",
      stdout: log,
      stderr: log,
    }),
  );
  closeSync(log);
  return {
    plan,
    exited: child.exited.then((code) =>
      child.signalCode === null
        ? code
        : SIGNAL_BASE + constants.signals[child.signalCode as NodeJS.Signals],
    ),
    signal: (name) => {
      const inside = firstProcess(child.pid);
      // Between fork and exec there is nobody to signal but the parent, which takes the child along.
      process.kill(inside ?? child.pid, inside === undefined ? "SIGKILL" : name);
    },
    kill: () => {
      killCgroup(plan.cgroup);
      child.kill("SIGKILL");
    },
    command: (words) => enter(firstProcess(child.pid), plan, words),
  };
}

/** Ends all processes of a cgroup, those of its children too. */
export function killCgroup(cgroup: string | undefined): void {
  const file = `${cgroup}/cgroup.kill`;
  if (cgroup !== undefined && existsSync(file)) writeFileSync(file, "1");
}

/** The container's own first process: the child of the program that made its namespaces. */
function firstProcess(parent: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").split(" ");
    return first ? Number(first) : undefined;
  } catch {
    return undefined;
  }
}

function enter(pid: number | undefined, plan: ContainerPlan, words: readonly string[]): string[] {
  if (pid === undefined) throw new Error("Cannot run a command in the container: it has ended");
  const user = ["--reuid", String(plan.uid), "--regid", String(plan.gid), "--clear-groups"];
  return [
    ...["nsenter", "--target", String(pid), "--mount", "--uts", "--net", "--pid", "--root", "--wd"],
    ...["setpriv", ...user, "--bounding-set", "-all", "--inh-caps", "-all", "--", ...words],
  ];
}
