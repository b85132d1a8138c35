/** Runs an evaluator against the real path: `npm run evaluators -- inbound|outbound [CASES] [SEED]`. */

import { compare as compareInbound } from "./inbound/compare.ts";
import { compare as compareOutbound } from "./outbound/compare.ts";

const HELP = `npm run evaluators -- inbound|outbound [CASES] [SEED]

Makes worlds and calls by chance, has each call answered by the real path and
by an evaluator that was written from the tables of Linkerd's interface alone,
and fails where they differ. The real path of inbound goes from policy objects
through controller and messages to the proxy, that of outbound from messages
with routes to the rule that the proxy goes by. CASES is 1000000 unless given, SEED is 1: worlds have the
seeds from there on, and what differs is printed with its seed.
`;
const CASES = 1_000_000;
const EVALUATORS = { inbound: compareInbound, outbound: compareOutbound };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The exit code. */
function main([name = "", cases = `${CASES}`, seed = "1"]: readonly string[]): number {
  if (!(name === "inbound" || name === "outbound") || !/^\d+$/.test(cases) || !/^\d+$/.test(seed)) {
    say(HELP);
    return 2;
  }
  const { answers, differences } = EVALUATORS[name]({ cases: Number(cases), seed: Number(seed) });
  say(`${name}: ${cases} cases, seeds from ${seed}: ${differences.length} differences`);
  for (const [answer, count] of answers) say(`  ${answer}: ${count}`);
  const [first] = differences;
  if (first !== undefined) say(JSON.stringify(first, null, 2));
  return differences.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
