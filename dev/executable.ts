/** The executable that runs in the pods: this one, or one compiled from the checkout. */

import { existsSync, mkdirSync, renameSync } from "node:fs";

// Splitting keeps each role's code apart: a proxy starts 10 ms sooner than from one bundle of all roles.

/** Where a compiled executable has its own files. */
const EMBEDDED = "/$bunfs/";

/** The path of the executable; compiles it where this process runs from a checkout. Throws with what the compiler says. */
export async function findExecutable(): Promise<string> {
  if (Bun.main.startsWith(EMBEDDED)) return process.execPath;
  const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const folder = `${root}/node_modules/.cache/bunkerd`;
  mkdirSync(folder, { recursive: true });
  const made = `${folder}/bunkerd.${process.pid}`;
  const compiled = Bun.spawn(
    [
      ...[
        process.execPath,
        "build",
        "--compile",
        "--splitting",
        "--minify",
        "--bytecode",
        "--format=esm",
      ],
      ...[`--outfile=${made}`, `${root}/main.ts`],
    ],
    { stdout: "pipe", stderr: "pipe", cwd: root },
  );
  const said = await new Response(compiled.stderr).text();
  if ((await compiled.exited) !== 0 || !existsSync(made))
    throw new Error(`Cannot compile the executable: ${said.trim()}`);
  // By rename, as pods of another instance may be running the last one.
  renameSync(made, `${folder}/bunkerd`);
  return `${folder}/bunkerd`;
}
