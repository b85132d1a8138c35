/** YAML as Kubernetes reads it: documents of a text, and where each goes wrong. */

import { CORE_SCHEMA, dump, load, type Schema, Type, YAMLException } from "js-yaml";

/** One document of a file. `text` is what stands between the markers; `line` is its first line, from 1. */
export type YamlDocument = {
  readonly file: string;
  /** Its number in the file, from 1. */
  readonly number: number;
  readonly line: number;
  readonly text: string;
};

/** What is wrong with a document: "app.yml, document 2, line 7, field spec.template: …". */
export class YamlError extends Error {
  override readonly name = "YamlError";

  constructor(
    { file, number }: YamlDocument,
    where: {
      readonly line?: number | undefined;
      readonly field?: string | undefined;
      readonly problem: string;
    },
  ) {
    const line = where.line === undefined ? "" : `, line ${where.line}`;
    const field = where.field === undefined || where.field === "" ? "" : `, field ${where.field}`;
    super(`${file}, document ${number}${line}${field}: ${where.problem}`);
  }
}

const YES = /^(?:true|True|TRUE|yes|Yes|YES|on|On|ON)$/;
const NO = /^(?:false|False|FALSE|no|No|NO|off|Off|OFF)$/;
const INTEGER = /^[-+]?(?:0b[01_]+|0x[\da-fA-F_]+|0o?[0-7_]+|0|[1-9][\d_]*)$/;

/** Kubernetes reads YAML 1.1: `yes` is true, and `defaultMode: 0644` is octal. */
const SCHEMA: Schema = CORE_SCHEMA.extend({
  implicit: [
    new Type("tag:yaml.org,2002:bool", {
      kind: "scalar",
      resolve: (text: string | null) => text !== null && (YES.test(text) || NO.test(text)),
      construct: (text: string) => YES.test(text),
      predicate: (value) => typeof value === "boolean",
      represent: (value) => String(value),
    }),
    new Type("tag:yaml.org,2002:int", {
      kind: "scalar",
      resolve: (text: string | null) => text !== null && INTEGER.test(text),
      construct: readInteger,
      predicate: (value) => Number.isInteger(value) && !Object.is(value, -0),
      represent: (value) => String(value),
    }),
    new Type("tag:yaml.org,2002:merge", {
      kind: "scalar",
      resolve: (text: string | null) => text === "<<" || text === null,
    }),
  ],
});

function readInteger(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = text.replace(/^[-+]/, "").replaceAll("_", "");
  return sign * Number(/^0[0-7]/.test(digits) ? `0o${digits}` : digits);
}

/** The documents of a text; a marker is a line that starts with `---`. Empty ones are left out. */
export function splitDocuments(file: string, text: string): YamlDocument[] {
  const documents: YamlDocument[] = [];
  let lines: string[] = [];
  let start = 1;
  let number = 0;
  const close = (): void => {
    const raw = lines.join("\n");
    const body = raw.trimEnd();
    if (body !== "") {
      number++;
      // Lines end as they do in the file.
      const end = raw.includes("\r\n") || raw.endsWith("\r") ? "\r\n" : "\n";
      documents.push({ file, number, line: start, text: body + end });
    }
    lines = [];
  };
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    const marker = /^---(?:\s+(.*?))?\s*$/.exec(line);
    if (marker === null) {
      if (!/^(?:\.\.\.\s*|%YAML [^\r]*\r?)$/.test(line)) lines.push(line);
      else lines.push("");
      continue;
    }
    close();
    start = index + 1;
    lines.push(marker[1] ?? "");
  }
  close();
  return documents.map((document) => withoutBlankHead(document));
}

function withoutBlankHead(document: YamlDocument): YamlDocument {
  const [blank = ""] = /^(?:[ \t\r]*\n)*/.exec(document.text) ?? [];
  const skipped = blank.split("\n").length - 1;
  return { ...document, line: document.line + skipped, text: document.text.slice(blank.length) };
}

/** A document has no more values than this, aliases followed: it would be written out with all of them. */
const VALUES_LIMIT = 1_000_000;
/** Nor is it deeper. */
const DEPTH_LIMIT = 200;

/** The value of a document; undefined where it holds comments alone. Throws YamlError. */
export function parseDocument(document: YamlDocument): unknown {
  try {
    const value = load(document.text, { schema: SCHEMA, filename: document.file }) ?? undefined;
    if (sizeOf(value, { sizes: new Map(), depth: 0 }) > VALUES_LIMIT)
      throw new YamlError(document, {
        problem: `aliases make more than ${VALUES_LIMIT} values of it`,
      });
    return value;
  } catch (error) {
    if (error instanceof RangeError)
      throw new YamlError(document, { problem: `it is deeper than ${DEPTH_LIMIT}` });
    if (!(error instanceof YAMLException)) throw error;
    const line = error.mark?.line ?? 0;
    throw new YamlError(document, {
      line: document.line + line,
      field: fieldAt(document.text, line),
      problem: error.reason,
    });
  }
}

type Sizes = { readonly sizes: Map<object, number>; readonly depth: number };

/** How many values there are, each alias with all below it. Throws RangeError where it is too deep. */
function sizeOf(value: unknown, { sizes, depth }: Sizes): number {
  if (typeof value !== "object" || value === null) return 1;
  if (depth > DEPTH_LIMIT) throw new RangeError("too deep");
  const known = sizes.get(value);
  if (known !== undefined) return known;
  let size = 1;
  for (const each of Object.values(value)) size += sizeOf(each, { sizes, depth: depth + 1 });
  sizes.set(value, size);
  return size;
}

/** Writes a value as Kubernetes reads it back; quotes what YAML 1.1 would read otherwise. */
export function writeDocument(value: unknown): string {
  return dump(value, { schema: SCHEMA, noRefs: true, lineWidth: -1, noArrayIndent: true });
}

/** The comments in front of a document's first value. */
export function leadingComments(text: string): string {
  return /^(?:[ \t\r]*(?:#[^\n]*)?\n)*/.exec(text)?.[0] ?? "";
}

const KEY = /^(\s*(?:- )*)([\w.$/-]+|"[^"]*"|'[^']*')\s*:(?:\s|$)/;

/** The keys around a line, outermost first, by their indentation. */
function fieldAt(text: string, line: number): string {
  const lines = text.split("\n");
  const path: string[] = [];
  let indent = Number.POSITIVE_INFINITY;
  for (let at = Math.min(line, lines.length - 1); at >= 0 && indent > 0; at--) {
    const [, lead = "", key = ""] = KEY.exec(lines[at] ?? "") ?? [];
    if (key === "" || lead.length >= indent) continue;
    indent = lead.length;
    path.unshift(key.replace(/^["']|["']$/g, ""));
  }
  return path.join(".");
}
