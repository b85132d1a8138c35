/** Files that others read at any time: written aside and put in place by rename, modes kept. */

import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";

/** Writes a file as a whole. An existing file's mode is kept; `mode` is that of a new one, 0644 unless given. */
export function writeAtomic(
  path: string,
  content: Uint8Array | string,
  options: { readonly mode?: number } = {},
): void {
  const cut = path.lastIndexOf("/") + 1;
  // The name must not look like a configuration to a runtime that lists the folder meanwhile.
  const aside = `${path.slice(0, cut)}.${path.slice(cut)}.bunkerd-new`;
  const mode = modeOf(path) ?? options.mode ?? 0o644;
  const fd = openSync(aside, "w", mode);
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fchmodSync(fd, mode);
    fsyncSync(fd);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(aside, path);
}

/** A file's bytes; undefined where it is not there. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as { readonly code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

function modeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mode;
}
