/** The image of the sample pods: the runtime and sources, as the load generator starts itself a second time. */

import { archive } from "../../../deploy/image/archive.ts";
import { readBase } from "../../../deploy/image/base.ts";
import { fileEntry, readTree } from "../../../deploy/image/files.ts";
import { ARCHITECTURE } from "../../../deploy/image/program.ts";
import type { TarEntry, TarTree } from "../../../deploy/image/tar.ts";

export const APP_IMAGE = "test.local/app:1";
const ROOT = new URL("../../..", import.meta.url).pathname;
const RUNTIME = "usr/bin/bun";
const MAIN = "test/e2e/app/main.ts";
const FOLDERS = ["lib", "test/bench/load"] as const;

/** Writes its archive. */
export async function writeAppImage(out: string): Promise<void> {
  const base = await readBase();
  const pieces = archive({
    name: APP_IMAGE,
    architecture: ARCHITECTURE,
    layers: [base.tree, sources()],
    user: "1000",
    entrypoint: [`/${RUNTIME}`, `/app/${MAIN}`],
    environment: {},
    labels: {},
  });
  await Bun.write(out, new Blob([...pieces]));
}

function sources(): TarTree {
  const at = (path: string): [string, TarEntry] => [`app/${path}`, fileEntry(`${ROOT}${path}`)];
  const trees = FOLDERS.map((folder) =>
    readTree(`${ROOT}${folder}`, (path) =>
      /(?<!\.test)\.ts$/.test(path) ? `app/${folder}/${path}` : undefined,
    ),
  );
  return new Map<string, TarEntry>([
    [RUNTIME, fileEntry(process.execPath)],
    at("package.json"),
    at(MAIN),
    ...trees.flatMap((tree) => [...tree]),
  ]);
}
