/** What `inject` and `uninject` read: files, folders with all below them, URLs, standard input. */

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "../command.ts";
import { limitedBody } from "../limited-body.ts";
import { splitDocuments, type YamlDocument } from "./yaml.ts";

/** What is read together is no longer than this: 64 MiB. */
export const INPUT_LIMIT_BYTES: number = 64 * 1024 * 1024;
/** Places that a URL may send on to, one after the other. */
const REDIRECTS_LIMIT = 5;

/** Where inputs come from; `fetch` unless given is the runtime's. */
export type Sources = {
  readonly stdin: () => Promise<string>;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
};

/** Reads all documents of the named inputs; `-` is standard input. Throws CommandError. */
export async function readInputs(
  names: readonly string[],
  sources: Sources,
): Promise<YamlDocument[]> {
  if (names.length === 0)
    throw new CommandError(
      "Cannot read a Kubernetes resource: no file is given; name files, folders, or - for standard input",
    );
  const documents: YamlDocument[] = [];
  let left = INPUT_LIMIT_BYTES;
  for (const name of names)
    for (const { file, text } of await readInput(name, sources)) {
      left -= text.length;
      if (left < 0) throw tooLong(file);
      documents.push(...splitDocuments(file, text));
    }
  if (documents.length === 0)
    throw new CommandError(`Cannot read ${names.join(", ")}: there is no YAML document in it`);
  return documents;
}

type Input = { readonly file: string; readonly text: string };

async function readInput(name: string, sources: Sources): Promise<Input[]> {
  if (name === "-") return [{ file: "standard input", text: await sources.stdin() }];
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name))
    return [{ file: name, text: await download(name, sources) }];
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
  const { size } = await stat(file).catch((error: unknown) => {
    throw refused(file, error);
  });
  if (size > INPUT_LIMIT_BYTES) throw tooLong(file);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw refused(file, error);
  });
  return { file, text };
}

/** By HTTPS, also where it is sent on: what is applied to a cluster must not be another's on the way. */
async function download(name: string, { fetch: get = fetch }: Sources): Promise<string> {
  let url = name;
  for (let step = 0; step <= REDIRECTS_LIMIT; step++) {
    if (!url.startsWith("https://"))
      throw new CommandError(
        `Cannot read ${name}: ${url === name ? "it is" : `it leads to ${url}, which is`} not https://; anybody on the way could change it. Download it yourself and name the file`,
      );
    const response = await get(url, { redirect: "manual" }).catch((error: unknown) => {
      throw refused(name, error);
    });
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null)
      url = new URL(location, url).href;
    else if (response.ok) return await bodyOf(name, response);
    else throw new CommandError(`Cannot read ${name}: HTTP status ${response.status}`);
  }
  throw new CommandError(`Cannot read ${name}: it is sent on more than ${REDIRECTS_LIMIT} times`);
}

async function bodyOf(name: string, response: Response): Promise<string> {
  const text = await limitedBody(response, INPUT_LIMIT_BYTES);
  if (text === undefined) throw tooLong(name);
  return text;
}

const tooLong = (name: string): CommandError =>
  new CommandError(
    `Cannot read ${name}: it is longer than ${INPUT_LIMIT_BYTES / 1024 / 1024} MiB; name its parts one at a time`,
  );

function refused(name: string, error: unknown): CommandError {
  const code = (error as { readonly code?: string }).code;
  const problem = code === "ENOENT" ? "there is no such file or folder" : String(error);
  return new CommandError(`Cannot read ${name}: ${problem}`, { cause: error });
}
