/** What the kernel tells about a process: its CPU time, its memory, its child. */

import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Milliseconds in a tick of `cpuTicks`. */
export const TICK_MS = 10;

/** User and system time of a process and its threads in clock ticks. */
export function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

/** MiB of a process by a name of `smaps_rollup`: Pss, Pss_Anon, Private_Dirty. */
export function memoryMib(pid: number): (name: string) => number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return (name) => Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(text)?.[1]) / 1024;
}

/** Nanoseconds of CPU time of all threads. */
export function cpuNanos(pid: number): number {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).reduce((sum, thread) => {
    const file = `${folder}/${thread}/schedstat`;
    return sum + (existsSync(file) ? Number(readFileSync(file, "utf8").split(" ")[0]) : 0);
  }, 0);
}

/** The first child of a process. */
export function childOf(pid: number): number | undefined {
  const file = `/proc/${pid}/task/${pid}/children`;
  const [first] = existsSync(file) ? readFileSync(file, "utf8").trim().split(" ") : [];
  return first === undefined || first === "" ? undefined : Number(first);
}
