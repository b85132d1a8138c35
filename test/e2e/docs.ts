/** The commands of the documentation's pages, in the order in which a reader runs them. */

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../docs/", import.meta.url).pathname;

/** One command line of a shell. */
export interface DocCommand {
  readonly text: string;
  /** Its line in the page, from 1. */
  readonly line: number;
  /** Whether it is only shown: it needs something that the reader chooses. */
  readonly example: boolean;
}

/** The names of all pages. */
export function pages(): string[] {
  return readdirSync(FOLDER).filter((name) => name.endsWith(".md"));
}

/** A page's text. */
export function pageText(name: string): string {
  return readFileSync(FOLDER + name, "utf8");
}

const BLOCK = /^```(.*)\n([\s\S]*?)^```$/gm;

/** The lines of blocks that are marked `sh` or `sh example`, without comments; one that ends with a backslash goes on. */
export function commandsOf(markdown: string): DocCommand[] {
  return [...markdown.matchAll(BLOCK)].flatMap(({ 1: mark = "", 2: block = "", index }) => {
    if (mark !== "sh" && mark !== "sh example") return [];
    const first = markdown.slice(0, index).split("\n").length + 1;
    return commandsIn(block, first).map((command) => ({
      ...command,
      example: mark === "sh example",
    }));
  });
}

function commandsIn(block: string, first: number): Omit<DocCommand, "example">[] {
  const commands: { text: string; line: number; goesOn: boolean }[] = [];
  for (const [index, raw] of block.split("\n").entries()) {
    const text = raw.replace(/(?:^|\s+)#.*$/, "").trim();
    const before = commands.at(-1);
    const own = text.replace(/\s*\\$/, "");
    const goesOn = text.endsWith("\\");
    if (before?.goesOn === true) Object.assign(before, { text: `${before.text} ${own}`, goesOn });
    else if (text !== "") commands.push({ text: own, line: first + index, goesOn });
  }
  return commands.map(({ text, line }) => ({ text, line }));
}
