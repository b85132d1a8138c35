/** What this process takes of the machine, as the kernel tells (proc(5)). */

import { readdirSync, readFileSync } from "node:fs";

/** Bytes, seconds and counts; of the network, the octets of the whole namespace. */
export interface ProcessUsage {
  readonly residentBytes: number;
  readonly virtualBytes: number;
  readonly cpuSeconds: number;
  readonly threads: number;
  readonly openFiles: number;
  /** Infinity where nothing limits them. */
  readonly maxFiles: number;
  readonly receivedBytes: number;
  readonly transmittedBytes: number;
}

/** The files that say it. */
export interface ProcessFiles {
  readonly stat: string;
  readonly limits: string;
  readonly netDev: string;
  readonly openFiles: number;
}

/** Linux's USER_HZ, and the size of a page, on every architecture that this program runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** Reads the kernel's files. What one of them does not say is 0. */
export function parseProcessUsage(files: ProcessFiles): ProcessUsage {
  // The program's name is in brackets, and may hold anything; fields are counted from what follows it, the third.
  const fields = (files.stat.split(") ").at(-1) ?? "").split(" ");
  const field = (number: number): number => Number(fields[number - 3]) || 0;
  const [, most] = /^Max open files\s+(\d+|unlimited)/m.exec(files.limits) ?? [];
  let [receivedBytes, transmittedBytes] = [0, 0];
  for (const [, counts = ""] of files.netDev.matchAll(/^\s*[^\s:]+:\s*(.+)$/gm)) {
    const columns = counts.split(/\s+/);
    receivedBytes += Number(columns[0]) || 0;
    transmittedBytes += Number(columns[8]) || 0;
  }
  return {
    residentBytes: field(24) * PAGE_BYTES,
    virtualBytes: field(23),
    cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
    threads: field(20),
    openFiles: files.openFiles,
    maxFiles: most === "unlimited" ? Number.POSITIVE_INFINITY : Number(most ?? 0),
    receivedBytes,
    transmittedBytes,
  };
}

/** What this process takes now. Throws where /proc is not mounted. */
export function processUsage(): ProcessUsage {
  const read = (name: string): string => readFileSync(`/proc/self/${name}`, "utf8");
  return parseProcessUsage({
    stat: read("stat"),
    limits: read("limits"),
    netDev: read("net/dev"),
    openFiles: readdirSync("/proc/self/fd").length,
  });
}
