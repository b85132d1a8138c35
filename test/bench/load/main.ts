/** `bun test/bench/load/main.ts --url … --rate …`: load whose latencies count from the instant each request was due. */

import { readFileSync } from "node:fs";
import { HELP, parseArgs } from "./args.ts";
import { runConnects } from "./connects.ts";
import { runLoad } from "./load.ts";

/** Runs what the words ask for; returns the exit status. */
export async function main(
  words: readonly string[],
  write: (text: string) => void,
): Promise<number> {
  const asked = parseArgs(words, (path) => readFileSync(path, "utf8"));
  if (asked.type === "refused") {
    const help = words.length === 0 || words.includes("--help");
    write(help ? `${HELP}\n` : `Cannot start: ${asked.why}\n`);
    return words.includes("--help") ? 0 : 2;
  }
  const result =
    asked.type === "load" ? await runLoad(asked.options) : await runConnects(asked.options);
  write(`${JSON.stringify(result)}\n`);
  return 0;
}

if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2), (text) => void process.stdout.write(text));
  // Connections that a server keeps open do not keep the process.
  process.exit();
}
