/** Stories of http2jp's HPACK corpus: header lists in the order of a connection, with the blocks that encoders made of them. */

import { readdirSync, readFileSync } from "node:fs";

/** A header list, and its block where somebody has encoded it. */
export interface StoryCase {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly block: Buffer | undefined;
  /** The table size that holds from this case on. */
  readonly tableBytes: number | undefined;
}

/** One connection. */
export interface Story {
  /** `ENCODER/story_NN`. */
  readonly name: string;
  readonly cases: readonly StoryCase[];
}

interface RawCase {
  readonly wire?: string;
  readonly headers: readonly Readonly<Record<string, string>>[];
  readonly header_table_size?: number;
}

/** All stories below a folder, by name. */
export function readStories(folder: string): Story[] {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths
    .filter((path) => path.endsWith(".json"))
    .sort()
    .map((path) => readStory(folder, path));
}

function readStory(folder: string, path: string): Story {
  const { cases } = JSON.parse(readFileSync(`${folder}/${path}`, "utf8")) as {
    readonly cases: readonly RawCase[];
  };
  return { name: path.replace(".json", ""), cases: cases.map(readCase) };
}

function readCase({ wire, headers, header_table_size }: RawCase): StoryCase {
  return {
    fields: headers.flatMap((field) => Object.entries(field)),
    block: wire === undefined ? undefined : Buffer.from(wire, "hex"),
    tableBytes: header_table_size,
  };
}
