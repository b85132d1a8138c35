/** Folders of this machine as what an archive has. */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { TarEntry, TarTree } from "./tar.ts";

/** Programs stay programs; whatever else their modes are depends on who unpacked them. */
const MODES = { program: 0o755, data: 0o644 } as const;

/** All files and links below a folder, where `place` says; left out where it says nothing. */
export function readTree(root: string, place: (path: string) => string | undefined): TarTree {
  const tree = new Map<string, TarEntry>();
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" });
  for (const path of paths) {
    const at = place(path);
    const stat = lstatSync(`${root}/${path}`);
    if (at === undefined || stat.isDirectory()) continue;
    if (stat.isSymbolicLink())
      tree.set(at, { type: "link", target: readlinkSync(`${root}/${path}`) });
    else if (stat.isFile()) tree.set(at, fileEntry(`${root}/${path}`));
  }
  return tree;
}

/** One file. */
export function fileEntry(path: string): TarEntry & { readonly type: "file" } {
  const program = (lstatSync(path).mode & 0o100) !== 0;
  return {
    type: "file",
    mode: program ? MODES.program : MODES.data,
    bytes: readFileSync(path),
  };
}
