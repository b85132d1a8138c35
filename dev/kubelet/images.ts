/** Image names as programs of this machine, and what an image gives them. */

import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { IMAGE, IMAGE_ENVIRONMENT } from "../../deploy/image/environment.ts";
import type { Mount } from "./container-script.ts";

/** A program, and the folder that must be shown where its user could not reach it. */
export type Program = { readonly path: string; readonly mounts: readonly Mount[] };

/** Our executable by its other name, which hooks call. */
const AWAIT = "/usr/lib/linkerd/linkerd-await";
/** Where a folder that a pod's user could not reach is shown. */
const IMAGE_ROOT = "/run/image";

/** Finds the program of an image: the whole name, else without its tag. Throws where the table has none. */
export function programOf(image: string, table: ReadonlyMap<string, string>): Program {
  const untagged = withoutTag(image);
  const path = table.get(image) ?? table.get(untagged);
  if (path === undefined)
    throw new Error(
      `Cannot start image ${image}: no program of this machine is named for it; give --image ${untagged}=PROGRAM`,
    );
  const program = reachable(path);
  if (untagged !== IMAGE) return program;
  const other: Mount = { source: realpathSync(path), target: AWAIT, readOnly: true };
  return { ...program, mounts: [...program.mounts, other] };
}

/** The variables of an image itself: ours has some. */
export const environmentOf = (image: string): Readonly<Record<string, string>> =>
  withoutTag(image) === IMAGE ? IMAGE_ENVIRONMENT : {};

const withoutTag = (image: string): string => image.replace(/(@[^@/]+|:[^:/]+)$/, "");

/** Shows the program where every user may run it: its own place, or its package's folder below /run/image. */
function reachable(given: string): Program {
  const path = realpathSync(given);
  accessSync(path, constants.X_OK);
  // By the given name: some programs, redis-server among them, are one file that goes by how it is called.
  if (path.startsWith("/usr/")) return { path: given, mounts: [] };
  const folder = packageFolder(path);
  return {
    path: IMAGE_ROOT + path.slice(folder.length),
    mounts: [{ source: folder, target: IMAGE_ROOT, readOnly: true }],
  };
}

/** The nearest folder with a package.json, so that a script finds its modules; else the program's own. */
function packageFolder(path: string): string {
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder))
    if (existsSync(`${folder}/package.json`)) return folder;
  return dirname(path);
}
