/** What the kernel tells about a process: its CPU time and its memory. */

import { readFileSync } from "node:fs";

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
