/** Values of an installation out of files and flags, in Helm's way: files first, then `--set`. */

import { readFile } from "node:fs/promises";
import { createValues, type Overrides, type Values } from "../deploy/values.ts";
import { CommandError } from "./command.ts";
import { parseDocument, splitDocuments } from "./inject/yaml.ts";

/** Values by their names, some of them objects of more. */
export type Tree = { [key: string]: unknown };

/** Where values come from; `set` and its kin hold `a.b=c`, several apart by commas. */
export type ValueSources = {
  readonly version: string;
  /** What flags of their own say; files and `--set` win over them. */
  readonly flags: Overrides;
  readonly files: readonly string[];
  readonly set: readonly string[];
  readonly setString: readonly string[];
  readonly setFile: readonly string[];
};

/** Reads and joins all of them: what differs from the defaults. Throws CommandError where one cannot be read. */
export async function readOverrides(sources: ValueSources): Promise<Overrides> {
  const tree: Tree = structuredClone(sources.flags) as Tree;
  for (const file of sources.files) merge(tree, await readYaml(file));
  const defaults = createValues(sources.version) as unknown as Tree;
  for (const given of [...sources.set, ...sources.setString])
    for (const [path, text] of assignments(given))
      assign(tree, { path, value: typed(text, lookUp(defaults, path)) });
  for (const given of sources.setFile)
    for (const [path, file] of assignments(given)) assign(tree, { path, value: await read(file) });
  return tree as Overrides;
}

/** One set of overrides over another. */
export function joinOverrides(under: Overrides, over: Overrides): Overrides {
  const tree = structuredClone(under) as Tree;
  merge(tree, over as Tree);
  return tree as Overrides;
}

/** The defaults with overrides. Throws CommandError where they cannot be used. */
export function valuesOf(version: string, overrides: Overrides): Values {
  try {
    return createValues(version, overrides);
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** A file's text. Throws CommandError where it cannot be read. */
export async function read(file: string): Promise<string> {
  return await readFile(file, "utf8").catch((cause: unknown) => {
    const code = (cause as { readonly code?: string }).code;
    const problem = code === "ENOENT" ? "there is no such file" : String(cause);
    throw new CommandError(`Cannot read ${file}: ${problem}`, { cause });
  });
}

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

async function readYaml(file: string): Promise<Tree> {
  const [document] = splitDocuments(file, await read(file));
  const value = document === undefined ? {} : (parseDocument(document) ?? {});
  if (!isTree(value)) throw new CommandError(`Cannot read ${file}: values are not an object`);
  return value;
}

/** A member of the tree itself. Throws CommandError for the name by which all objects would be changed. */
function own(tree: Tree, key: string): unknown {
  if (key === "__proto__") throw new CommandError("Cannot use values: __proto__ is not known");
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

function merge(into: Tree, from: Tree): void {
  for (const [key, value] of Object.entries(from)) {
    const there = own(into, key);
    if (isTree(there) && isTree(value)) merge(there, value);
    else into[key] = value;
  }
}

/** `a=1,b=x\,y` as paths and texts; a comma in a value has a backslash. */
function assignments(given: string): (readonly [string, string])[] {
  return given.split(/(?<!\\),/).map((part) => {
    const at = part.indexOf("=");
    if (at <= 0) throw new CommandError(`Cannot use "${given}": name=value is expected`);
    return [part.slice(0, at).trim(), part.slice(at + 1).replaceAll("\\,", ",")];
  });
}

/** The names of a path; a dot within a name has a backslash. */
const keysOf = (path: string): string[] =>
  path.split(/(?<!\\)\./).map((key) => key.replaceAll("\\.", "."));

function lookUp(tree: Tree, path: string): unknown {
  return keysOf(path).reduce<unknown>((at, key) => (isTree(at) ? at[key] : undefined), tree);
}

/** A text as the type that the value has. */
function typed(text: string, like: unknown): unknown {
  if (typeof like === "number" && text.trim() !== "" && !Number.isNaN(Number(text)))
    return Number(text);
  if (typeof like === "boolean" && /^(?:true|false)$/.test(text)) return text === "true";
  // A count where the default is a percentage.
  if (typeof like === "string" && like.endsWith("%") && /^\d+$/.test(text)) return Number(text);
  if (Array.isArray(like)) return text.replace(/^\{|\}$/g, "").split(",");
  return text;
}

/** Sets the value at a path, and makes the objects on the way that are not there. Throws CommandError for a name that cannot be. */
export function assign(
  tree: Tree,
  { path, value }: { readonly path: string; readonly value: unknown },
): void {
  const keys = keysOf(path);
  let at = tree;
  for (const key of keys.slice(0, -1)) {
    const next = own(at, key);
    const inner: Tree = isTree(next) ? next : {};
    at[key] = inner;
    at = inner;
  }
  const last = keys.at(-1) ?? "";
  own(at, last);
  at[last] = value;
}
