/** `npm run fuzz -- TARGET… --for 10m`: looks for inputs that break what must hold, guided by what they reach. */

import { parseArgs } from "node:util";
import { addToLedger, readLedger, writeCorpus, writeFinding } from "./store.ts";
import { TARGETS } from "./targets/all.ts";
import type { Order, Outcome } from "./worker.ts";

const HELP = `npm run fuzz -- [TARGET…] [--for 10m] [--seed N]
  --for    how long each target is fuzzed: 90s, 10m, 2h; 1m where it is not said
  --seed   a number that a run can be repeated with; printed by each run
Targets: ${TARGETS.map(({ name }) => name).join(", ")}; all where none is named.
What is found is kept in test/fuzz/found, and replayed by npm test.`;
/** A batch that takes longer than this hangs. */
const HANG_MS = 20_000;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Options {
  readonly targets: readonly string[];
  readonly seconds: number;
  readonly seed: number;
}

/** Reads the command line; a text is what is wrong with it. */
function readOptions(words: readonly string[]): Options | string {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { for: { type: "string", default: "1m" }, seed: { type: "string" } },
  });
  const unknown = positionals.find((word) => !TARGETS.some(({ name }) => name === word));
  if (unknown !== undefined) return `Cannot fuzz ${unknown}: no target has that name`;
  const [, count, unit] = /^(\d+)([smh])$/.exec(values.for) ?? [];
  if (count === undefined || unit === undefined)
    return `Cannot fuzz for ${values.for}: say 90s, 10m or 2h`;
  const seed = Number(values.seed ?? Date.now() >>> 0);
  if (!Number.isInteger(seed)) return `Cannot use seed ${values.seed}: it is no number`;
  return {
    targets: positionals.length > 0 ? positionals : TARGETS.map(({ name }) => name),
    seconds: Number(count) * (UNITS[unit] as number),
    seed,
  };
}

/** Fuzzes one target; false where something was found. */
async function fuzz(target: string, { seconds, seed }: Options): Promise<boolean> {
  const current = new SharedArrayBuffer(64 * 1024);
  const pulse = new SharedArrayBuffer(4);
  const order: Order = { target, seconds, seed, current, pulse };
  const started = performance.now();
  const outcome = await run(order);
  const took = (performance.now() - started) / 1000;
  if (outcome === undefined) {
    const length = new Uint32Array(current, 0, 1)[0] ?? 0;
    const file = writeFinding(target, new Uint8Array(new Uint8Array(current, 4, length)));
    say(`${target}: hangs for ${HANG_MS / 1000} s with ${file}`);
    return false;
  }
  addToLedger(target, { executions: outcome.executions, seconds: took });
  const total = readLedger()[target]?.executions ?? 0;
  say(
    `${target}: ${outcome.executions} executions in ${took.toFixed(0)} s (${total} in all), ${outcome.corpus.length} inputs kept, seed ${seed}`,
  );
  writeCorpus(target, outcome.corpus);
  if (outcome.finding === undefined) return true;
  say(`${target}: FOUND ${writeFinding(target, outcome.finding.input)}\n${outcome.finding.stack}`);
  return false;
}

/** Undefined where the target hangs. */
function run(order: Order): Promise<Outcome | undefined> {
  const worker = new Worker(new URL("worker.ts", import.meta.url).href);
  const pulse = new Uint32Array(order.pulse);
  return new Promise((resolve, reject) => {
    let before = -1;
    const watch = setInterval(() => {
      if (pulse[0] === before) end(() => resolve(undefined));
      before = pulse[0] ?? 0;
    }, HANG_MS);
    const end = (settle: () => void): void => {
      clearInterval(watch);
      worker.terminate();
      settle();
    };
    worker.onmessage = ({ data }: MessageEvent<Outcome>) => end(() => resolve(data));
    worker.onerror = ({ message }) => end(() => reject(new Error(`Cannot fuzz: ${message}`)));
    worker.postMessage(order);
  });
}

async function main(words: readonly string[]): Promise<number> {
  if (words.includes("--help")) {
    say(HELP);
    return 0;
  }
  const options = readOptions(words);
  if (typeof options === "string") {
    say(`${options}\n${HELP}`);
    return 2;
  }
  let found = 0;
  for (const target of options.targets) if (!(await fuzz(target, options))) found++;
  return found === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
