/** The role `controller`: its first argument says which part of the control plane this process is. */

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createKubeClient } from "#lib/k8s/client.ts";
import { readInCluster } from "#lib/k8s/in-cluster.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { logOutput } from "#lib/sys/log-output.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import {
  controllerVariables,
  HELP,
  type Parsed,
  type ProcessArgs,
  parseDestination,
  parseIdentity,
} from "./args.ts";
import { parseInjector } from "./injector/args.ts";
import {
  createMemoryShare,
  LIMIT_FILES,
  parseMemoryLimit,
  parseOwnMemory,
} from "./runtime/memory.ts";
import type { RunningRole, Surroundings } from "./runtime/role.ts";

/** Flags that cannot be used, as in Go's flag package. */
const EXIT_USAGE = 2;

/** Runs until SIGTERM or SIGINT; `words` are the arguments after `controller`. */
export async function runController(words: readonly string[], version: string): Promise<void> {
  const [role, ...flags] = words;
  const variables = controllerVariables();
  switch (role) {
    case "destination":
      await start({ parsed: parseDestination(flags, variables), version }, async (args, around) => {
        const { startDestination } = await import("./roles/destination.ts");
        return startDestination(args, around);
      });
      return;
    case "identity":
      await start({ parsed: parseIdentity(flags, variables), version }, async (args, around) => {
        const { startIdentity } = await import("./roles/identity.ts");
        return startIdentity(args, around);
      });
      return;
    case "injector":
      await start({ parsed: parseInjector(flags, variables), version }, async (args, around) => {
        const { startInjector } = await import("./roles/injector.ts");
        return startInjector(args, around);
      });
      return;
    case "help":
    case "-help":
    case "-h":
    case "--help":
      process.stdout.write(HELP);
      return;
    case undefined:
      refuse("no controller is named");
      return;
    default:
      refuse(`${role} is no controller`);
  }
}

async function readMemoryLimit(): Promise<number | undefined> {
  for (const path of LIMIT_FILES) {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text !== undefined) return parseMemoryLimit(text);
  }
  return undefined;
}

function refuse(message: string): void {
  process.stderr.write(`Cannot start: ${message}; see bunkerd controller --help\n`);
  process.exitCode = EXIT_USAGE;
}

async function start<A>(
  how: { readonly parsed: Parsed<A>; readonly version: string },
  run: (args: A, around: Surroundings) => Promise<RunningRole>,
): Promise<void> {
  const { parsed, version } = how;
  switch (parsed.type) {
    case "help":
      process.stdout.write(HELP);
      return;
    case "error":
      refuse(parsed.message);
      return;
    case "args":
      await runRole(parsed.args, { version, run: (around) => run(parsed.args, around) }).catch(
        (error: unknown) => {
          process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
          process.exit(1);
        },
      );
  }
}

async function runRole(
  args: ProcessArgs,
  how: {
    readonly version: string;
    readonly run: (around: Surroundings) => Promise<RunningRole>;
  },
): Promise<void> {
  const filter = new LogFilter();
  filter.set(args.logLevel);
  const log = createLogger({
    filter,
    format: args.logFormat,
    wall: () => systemClock.wall(),
    write: logOutput(Bun.stdout.writer()),
  });
  log.info("starting", { version: how.version });
  const role = await how.run({
    client: createKubeClient(await readInCluster(args.api)),
    clock: systemClock,
    random: Math.random,
    memoryShare: createMemoryShare({
      limitBytes: await readMemoryLimit(),
      usedBytes: () => parseOwnMemory(readFileSync("/proc/self/status", "utf8")),
      now: () => systemClock.now(),
    }),
    log,
    onFault: (error) => log.error("Unexpected error", { error: error.stack ?? error.message }),
  });
  const stop = (): void => {
    role.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error("Cannot stop in order", { error: String(error) });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  await role.ready;
}
