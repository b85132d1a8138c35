/** The user's YAML: its objects, and the programs that it names for its images. */

import { dirname, isAbsolute, resolve } from "node:path";
import { loadAll } from "js-yaml";
import type { KubeObject } from "#lib/k8s/types/meta.ts";

/** Names programs for images on any object: `web=./web.js, redis=redis-server`, paths from the file's folder. */
export const IMAGES_ANNOTATION = "dev.bunkerd.io/images";

/** Parses one file. Throws with the file's name and the line that is wrong. */
export function parseManifest(text: string, file: string): KubeObject[] {
  let documents: unknown[];
  try {
    documents = loadAll(text, undefined, { filename: file });
  } catch (error) {
    throw new Error(`Cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
  return documents
    .filter((each) => each !== null && each !== undefined)
    .flatMap((each, index) => {
      const object = each as KubeObject & { readonly items?: KubeObject[] };
      if (object.kind === "List") return object.items ?? [];
      if (
        typeof object !== "object" ||
        !object.kind ||
        !object.apiVersion ||
        !object.metadata?.name
      )
        throw new Error(
          `Cannot read ${file}: document ${index + 1} has no apiVersion, kind or metadata.name`,
        );
      return [object];
    });
}

/** The programs that the objects' annotations name. Throws for one that is not there. */
export function imagesOf(objects: readonly KubeObject[], file: string): Map<string, string> {
  const given = objects.flatMap(
    ({ metadata }) => metadata?.annotations?.[IMAGES_ANNOTATION]?.split(/[,\s]+/) ?? [],
  );
  return new Map(
    given.filter((each) => each !== "").map((each) => parseImage(each, dirname(file))),
  );
}

/** `NAME=PROGRAM`: a path from `folder`, or the name of a program of this machine. Throws for one that is not there. */
export function parseImage(text: string, folder: string): readonly [string, string] {
  const [name = "", program = ""] = text.split("=", 2);
  if (name === "" || program === "")
    throw new Error(`Cannot use image ${text}: write NAME=PROGRAM`);
  const path = program.includes("/")
    ? isAbsolute(program)
      ? program
      : resolve(folder, program)
    : program;
  const found = Bun.which(path);
  if (found === null)
    throw new Error(`Cannot use image ${name}: ${path} is no program of this machine`);
  return [name, found];
}
