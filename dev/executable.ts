/** The executable that runs in the pods: this one, or one compiled from the checkout. */

import { mkdirSync, renameSync } from "node:fs";
import { compile } from "../deploy/image/program.ts";

/** Where a compiled executable has its own files. */
const EMBEDDED = "/$bunfs/";

/** The path of the executable; compiles it where this process runs from a checkout. Throws with what the compiler says. */
export async function findExecutable(): Promise<string> {
  if (Bun.main.startsWith(EMBEDDED)) return process.execPath;
  const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const folder = `${root}/node_modules/.cache/bunkerd`;
  mkdirSync(folder, { recursive: true });
  const made = `${folder}/bunkerd.${process.pid}`;
  await compile(`${root}/main.ts`, made);
  // By rename, as pods of another instance may be running the last one.
  renameSync(made, `${folder}/bunkerd`);
  return `${folder}/bunkerd`;
}
