/** What `inject` and `uninject` read: files, folders with all below them, URLs, standard input. */

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "../command.ts";
import { splitDocuments, type YamlDocument } from "./yaml.ts";

/** Reads all documents of the named inputs; `-` is standard input. Throws CommandError. */
export async function readInputs(
  names: readonly string[],
  stdin: () => Promise<string>,
): Promise<YamlDocument[]> {
  if (names.length === 0)
    throw new CommandError(
      "Cannot read a Kubernetes resource: no file is given; name files, folders, or - for standard input",
    );
  const documents: YamlDocument[] = [];
  for (const name of names)
    for (const { file, text } of await readInput(name, stdin))
      documents.push(...splitDocuments(file, text));
  if (documents.length === 0)
    throw new CommandError(`Cannot read ${names.join(", ")}: there is no YAML document in it`);
  return documents;
}

type Input = { readonly file: string; readonly text: string };

async function readInput(name: string, stdin: () => Promise<string>): Promise<Input[]> {
  if (name === "-") return [{ file: "standard input", text: await stdin() }];
  if (/^https?:\/\//.test(name)) return [{ file: name, text: await download(name) }];
  const found = await stat(name).catch((error: unknown) => {
    throw refused(name, error);
  });
  if (!found.isDirectory()) return [await readOne(name)];
  const entries = await readdir(name, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(files.sort().map(readOne));
}

async function readOne(file: string): Promise<Input> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw refused(file, error);
  });
  return { file, text };
}

async function download(url: string): Promise<string> {
  const response = await fetch(url).catch((error: unknown) => {
    throw refused(url, error);
  });
  if (!response.ok) throw new CommandError(`Cannot read ${url}: HTTP status ${response.status}`);
  return await response.text();
}

function refused(name: string, error: unknown): CommandError {
  const code = (error as { readonly code?: string }).code;
  const problem = code === "ENOENT" ? "there is no such file or folder" : String(error);
  return new CommandError(`Cannot read ${name}: ${problem}`, { cause: error });
}
