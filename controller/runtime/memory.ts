/** How much of its memory the process uses, by the limit of its cgroup. */

/** Where a container finds its limit: cgroup v2, then v1. */
export const LIMIT_FILES = [
  "/sys/fs/cgroup/memory.max",
  "/sys/fs/cgroup/memory/memory.limit_in_bytes",
] as const;

/** A value is used for this long, in milliseconds: asking costs a system call, and calls come by the thousand. */
const FRESH_MS = 250;

/** Bytes out of such a file; undefined where it names no limit. */
export function parseMemoryLimit(text: string): number | undefined {
  const bytes = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  // What v1 says where there is no limit is a number too, of almost 2^63.
  return bytes > 0 && bytes < 2 ** 60 ? bytes : undefined;
}

/** Bytes that are the process's own, out of `/proc/self/status`: pages of the program are given back when memory is short. */
export function parseOwnMemory(status: string): number {
  return Number(/^RssAnon:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Measures the share of a limit that is used, 0 where there is none. */
export function createMemoryShare(how: {
  readonly limitBytes: number | undefined;
  readonly usedBytes: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}): () => number {
  const { limitBytes, usedBytes, now } = how;
  let share = 0;
  let atMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (limitBytes === undefined || now() - atMs < FRESH_MS) return share;
    atMs = now();
    share = usedBytes() / limitBytes;
    return share;
  };
}
