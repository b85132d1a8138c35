/** What fuzzing leaves in the repository: corpora, findings, and a ledger of executions. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

const FOLDER: string = new URL(".", import.meta.url).pathname;
const LEDGER = `${FOLDER}ledger.json`;
/** A corpus that is committed has at most so many inputs; those that came first are kept. */
export const CORPUS_LIMIT = 300;

/** The inputs that earlier runs kept, one a line. */
export function readCorpus(target: string): Uint8Array[] {
  const file = `${FOLDER}corpus/${target}.txt`;
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => Uint8Array.fromBase64(line));
}

/** Writes the inputs that are worth keeping. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  mkdirSync(`${FOLDER}corpus`, { recursive: true });
  const lines = inputs.slice(0, CORPUS_LIMIT).map((input) => `${input.toBase64()}\n`);
  writeFileSync(`${FOLDER}corpus/${target}.txt`, lines.join(""));
}

/** What was found in earlier runs and mended since; each stays a test. */
export function readFindings(
  target: string,
): { readonly file: string; readonly input: Uint8Array }[] {
  const folder = `${FOLDER}found/${target}`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .map((file) => ({ file, input: new Uint8Array(readFileSync(`${folder}/${file}`)) }));
}

/** Keeps what was found and returns its file. */
export function writeFinding(target: string, input: Uint8Array): string {
  const folder = `${FOLDER}found/${target}`;
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/${new Bun.CryptoHasher("sha1").update(input).digest("hex").slice(0, 16)}`;
  writeFileSync(file, input);
  return file;
}

/** How often each target was run, over all runs. */
export type Ledger = Readonly<
  Record<string, { readonly executions: number; readonly seconds: number }>
>;

/** The ledger as it is committed. */
export function readLedger(): Ledger {
  return existsSync(LEDGER) ? (JSON.parse(readFileSync(LEDGER, "utf8")) as Ledger) : {};
}

/** Adds a run to the ledger. */
export function addToLedger(target: string, run: { executions: number; seconds: number }): void {
  const ledger = readLedger();
  const before = ledger[target] ?? { executions: 0, seconds: 0 };
  const after = {
    executions: before.executions + run.executions,
    seconds: Math.round(before.seconds + run.seconds),
  };
  writeFileSync(LEDGER, `${JSON.stringify({ ...ledger, [target]: after }, undefined, 2)}\n`);
}
