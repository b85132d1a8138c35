/** What an instance leaves on the machine: nothing, neither in order nor after SIGKILL. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cgroupRoot } from "../../../dev/instance.ts";

/** Everything that an instance could leave. */
export type Snapshot = Readonly<Record<string, readonly string[]>>;

/** The machine as it is now. */
export function snapshot(): Snapshot {
  const lines = (command: string[]): string[] =>
    Bun.spawnSync(command).stdout.toString().split("\n").filter(Boolean);
  const cgroups = cgroupRoot();
  return {
    namespaces: lines(["ip", "netns"]),
    links: lines(["ip", "-o", "link"]).map((line) => line.split(":")[1] ?? ""),
    rules: lines(["nft", "list", "tables"]),
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) => line.split(" ")[4] ?? ""),
    cgroups: cgroups === undefined ? [] : readdirSync(cgroups),
    folders: existsSync("/run/bunkerd") ? readdirSync("/run/bunkerd") : [],
    programs: readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes("/run/image"))
      .map((pid) => `${pid} ${commandOf(pid).replaceAll("\0", " ").trim()}`),
    pins: existsSync("/sys/fs/bpf") ? readdirSync("/sys/fs/bpf") : [],
  };
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Whoever was told to end by then has ended, in milliseconds. */
const ENDING_MS = 10_000;
const LOOK_MS = 100;

/** What is there and was not before, and does not go either; undefined where that is nothing. */
export async function findLeftovers(before: Snapshot): Promise<string | undefined> {
  const end = performance.now() + ENDING_MS;
  for (;;) {
    const left = addedTo(before);
    if (left === undefined || performance.now() > end) return left;
    await Bun.sleep(LOOK_MS);
  }
}

function addedTo(before: Snapshot): string | undefined {
  const after = snapshot();
  const left = Object.entries(after).flatMap(([kind, now]) =>
    now.filter((each) => !before[kind]?.includes(each)).map((each) => `${kind}: ${each}`),
  );
  return left.length === 0 ? undefined : left.slice(0, 10).join("; ");
}
