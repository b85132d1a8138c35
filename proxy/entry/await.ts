/** `linkerd-await`: waits for the proxy of its pod, then runs a command if one is given. */

import type { Clock } from "#lib/time/clock.ts";
import type { AwaitArgs } from "./args.ts";

/** What it needs of the world. */
export interface AwaitWorld {
  readonly clock: Clock;
  /** The status of an answer to a request to the proxy's admin port; undefined where none comes. */
  readonly ask: (method: "GET" | "POST", path: string) => Promise<number | undefined>;
  /** Runs a command to its end and tells its exit code. */
  readonly run: (command: readonly string[]) => Promise<number>;
  readonly write: (line: string) => void;
}

/** The proxy did not become ready in time (EX_UNAVAILABLE of sysexits). */
export const EXIT_NOT_READY = 69;
const HTTP_OK = 200;

/** The exit code: the command's, 0 where there is none, `EXIT_NOT_READY` where the proxy is not ready in time. */
export async function awaitProxy(args: AwaitArgs, world: AwaitWorld): Promise<number> {
  const { timeoutMs, backoffMs, shutdown, command } = args;
  const { clock, ask, run, write } = world;
  const startedMs = clock.now();
  while ((await ask("GET", "/ready")) !== HTTP_OK) {
    const leftMs = (timeoutMs ?? Number.POSITIVE_INFINITY) - (clock.now() - startedMs);
    if (leftMs <= 0) {
      write(`Cannot go on: the proxy was not ready within ${timeoutMs} ms`);
      return EXIT_NOT_READY;
    }
    await new Promise<void>((resolve) => clock.after(Math.min(backoffMs, leftMs), resolve));
  }
  if (command.length === 0) return 0;
  const code = await run(command);
  if (shutdown && (await ask("POST", "/shutdown")) !== HTTP_OK)
    write("Cannot end the proxy: it does not take POST /shutdown");
  return code;
}
