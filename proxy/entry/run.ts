/** What else Linkerd's image is asked to be, by the name that it is called by. */

import { randomBytes } from "node:crypto";
import { systemClock } from "#lib/sys/system-clock.ts";
import { awaitDisabled, parseAwait, parseSleep, parseValidator } from "./args.ts";
import { awaitProxy } from "./await.ts";
import { validateNetwork } from "./validator.ts";

/** The names of these programs. */
export type EntryName = "linkerd-await" | "linkerd2-network-validator" | "sleep";

/** Flags that cannot be used. */
const EXIT_USAGE = 64;
const ANSWER_LIMIT_MS = 1000;

/** Runs one and returns its exit code. */
export async function runEntry(
  name: EntryName,
  words: readonly string[],
  write: (line: string) => void,
): Promise<number> {
  switch (name) {
    case "linkerd-await": {
      const args = parseAwait(words);
      if (typeof args === "string") return refuse(name, args, write);
      const why = awaitDisabled();
      const run = (command: readonly string[]): Promise<number> =>
        Bun.spawn([...command], { stdio: ["inherit", "inherit", "inherit"] }).exited;
      if (why !== undefined) {
        write(`Nothing is awaited: ${why}`);
        return args.command.length === 0 ? 0 : await run(args.command);
      }
      const ask = asker(args.port);
      return await awaitProxy(args, { clock: systemClock, ask, run, write });
    }
    case "linkerd2-network-validator": {
      const args = parseValidator(words);
      if (typeof args === "string") return refuse(name, args, write);
      return await validateNetwork(args, { clock: systemClock, nonce: randomBytes(32), write });
    }
    case "sleep": {
      const ms = parseSleep(words);
      if (typeof ms === "string") return refuse(name, ms, write);
      await new Promise<void>((resolve) => systemClock.after(ms, resolve));
      return 0;
    }
  }
}

function refuse(name: string, problem: string, write: (line: string) => void): number {
  write(`Cannot run ${name}: ${problem}`);
  return EXIT_USAGE;
}

const asker =
  (port: number) =>
  async (method: string, path: string): Promise<number | undefined> => {
    try {
      const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
      const { status } = await fetch(`http://localhost:${port}${path}`, { method, signal });
      return status;
    } catch {
      return undefined;
    }
  };
