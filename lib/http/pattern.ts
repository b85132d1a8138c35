/** Regular expressions of routes, matched in time that grows with the text alone: no pattern makes one go back. */

import { type PatternNode, parsePattern } from "./pattern-syntax.ts";

/** Instructions that a pattern may have: repetitions that are counted are written out. Time is at most this for each character. */
export const PATTERN_LIMIT = 500;

/** A pattern that whole texts are held against. */
export interface Pattern {
  test(text: string): boolean;
}

type Instruction =
  | { readonly type: "char"; readonly accepts: (char: string) => boolean }
  | { readonly type: "split"; readonly to: readonly number[] }
  | { readonly type: "start" }
  | { readonly type: "end" };

/** Reads a pattern; undefined where it is none, has what cannot be matched so (look-around, back-references), or is too long. */
export function createPattern(text: string): Pattern | undefined {
  const node = text.length > PATTERN_LIMIT ? undefined : parsePattern(text);
  if (node === undefined) return undefined;
  const program: (Instruction | undefined)[] = [];
  if (!write(node, program)) return undefined;
  return new Program(program as Instruction[]);
}

/** Appends a node's instructions, each of which goes on to the next one; false where there are too many. */
function write(node: PatternNode, program: (Instruction | undefined)[]): boolean {
  if (program.length > PATTERN_LIMIT) return false;
  switch (node.type) {
    case "char":
    case "start":
    case "end":
      program.push(node);
      return true;
    case "sequence":
      return node.nodes.every((each) => write(each, program));
    case "choice":
      return writeChoice(node.nodes, program);
    case "repeat":
      return writeRepeat(node, program);
  }
}

function writeChoice(nodes: readonly PatternNode[], program: (Instruction | undefined)[]): boolean {
  const fork = program.push(undefined) - 1;
  const starts: number[] = [];
  const ends: number[] = [];
  for (const node of nodes) {
    starts.push(program.length);
    if (!write(node, program)) return false;
    ends.push(program.push(undefined) - 1);
  }
  program[fork] = { type: "split", to: starts };
  for (const end of ends) program[end] = { type: "split", to: [program.length] };
  return true;
}

function writeRepeat(
  { node, least, most }: PatternNode & { readonly type: "repeat" },
  program: (Instruction | undefined)[],
): boolean {
  for (let count = 0; count < least; count++) if (!write(node, program)) return false;
  if (most === Number.POSITIVE_INFINITY) {
    const fork = program.push(undefined) - 1;
    if (!write(node, program)) return false;
    program.push({ type: "split", to: [fork] });
    program[fork] = { type: "split", to: [fork + 1, program.length] };
    return true;
  }
  const forks: number[] = [];
  for (let count = least; count < most; count++) {
    forks.push(program.push(undefined) - 1);
    if (!write(node, program)) return false;
  }
  for (const fork of forks) program[fork] = { type: "split", to: [fork + 1, program.length] };
  return true;
}

/** Follows all ways through the instructions at once, each instruction once a character. */
class Program implements Pattern {
  readonly #program: readonly Instruction[];
  /** At which character each instruction was last reached. */
  readonly #reached: Int32Array;

  constructor(program: readonly Instruction[]) {
    this.#program = program;
    this.#reached = new Int32Array(program.length + 1);
  }

  test(text: string): boolean {
    const end = this.#program.length;
    this.#reached.fill(-1);
    let current = this.#closure([0], 0, text);
    for (let at = 0; at < text.length && current.length > 0; at++) {
      const char = text[at] ?? "";
      const next: number[] = [];
      for (const index of current) {
        const instruction = this.#program[index];
        if (instruction?.type === "char" && instruction.accepts(char)) next.push(index + 1);
      }
      current = this.#closure(next, at + 1, text);
    }
    return this.#reached[end] === text.length;
  }

  /** The instructions that want a character, reached from these without one. */
  #closure(from: number[], at: number, text: string): number[] {
    const waiting: number[] = [];
    for (let index = from.pop(); index !== undefined; index = from.pop()) {
      if (this.#reached[index] === at) continue;
      this.#reached[index] = at;
      const instruction = this.#program[index];
      switch (instruction?.type) {
        case "char":
          waiting.push(index);
          break;
        case "split":
          from.push(...instruction.to);
          break;
        case "start":
          if (at === 0) from.push(index + 1);
          break;
        case "end":
          if (at === text.length) from.push(index + 1);
          break;
        case undefined:
          break;
      }
    }
    return waiting;
  }
}
