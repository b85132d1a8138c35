/** The pages of the program's own file that a process maps. */

import { readFileSync } from "node:fs";
import { adviseDontNeed } from "./libc.ts";

/** A stretch of addresses. */
export interface Mapping {
  readonly from: number;
  readonly to: number;
}

/**
 * The parts of a file that are mapped, cannot be written to and have no page of their own, out of /proc/PID/smaps: to
 * give back such pages loses nothing, as the kernel reads them again where they are needed.
 */
export function cleanMappings(smaps: string, file: string): Mapping[] {
  const mappings: Mapping[] = [];
  let open: Mapping | undefined;
  for (const line of smaps.split("\n")) {
    const [, from, to, permissions, name] =
      /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ +(.+)$/.exec(line) ?? [];
    if (from !== undefined && to !== undefined)
      open =
        name === file && permissions?.includes("w") === false
          ? { from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) }
          : undefined;
    else if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) open = undefined;
    else if (open !== undefined && /^Anonymous: +0 kB$/.test(line)) {
      mappings.push(open);
      open = undefined;
    }
  }
  return mappings;
}

/**
 * Gives back the pages of this process's program that its start has touched: it needs few of them again, and a node
 * runs many such processes. Returns how many bytes of addresses that concerned; 0 where the kernel does not tell.
 */
export function releaseProgramPages(): number {
  try {
    const mappings = cleanMappings(readFileSync("/proc/self/smaps", "utf8"), process.execPath);
    for (const mapping of mappings) adviseDontNeed(mapping.from, mapping.to - mapping.from);
    return mappings.reduce((sum, { from, to }) => sum + to - from, 0);
  } catch {
    return 0;
  }
}
