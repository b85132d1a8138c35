/** The role `proxy`: reads the environment, runs the app, sets the exit code. */

import { readFile } from "node:fs/promises";
import { isListenedOn, listenedPorts } from "#lib/sys/listening-port.ts";
import { logOutput } from "#lib/sys/log-output.ts";
import { processUsage } from "#lib/sys/process-usage.ts";
import { releaseProgramPages } from "#lib/sys/program-pages.ts";
import { whenAtRest } from "#lib/sys/rest.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { startProxy } from "./app.ts";
import { readConfig } from "./config/read.ts";
import type { EntryName } from "./entry/run.ts";
import { processVariables } from "./env.ts";
import type { RunningProxy } from "./running-proxy.ts";
import { kernelOriginalDst } from "./transport/kernel-original-dst.ts";

/** A configuration that cannot be used (P58). */
const EXIT_BAD_CONFIG = 64;

/** So long after the start its certificate and first policies have come: pages that only the start needs may go. */
const START_OVER_MS = 5000;

/** Runs until SIGTERM, SIGINT or a request to its admin port has drained it. */
export async function main(version: string): Promise<void> {
  const write = logOutput(Bun.stderr.writer());
  const variables = processVariables();
  const result = readConfig(variables);
  if (result.type === "errors") {
    for (const error of result.errors) write(`Cannot start: ${error}`);
    process.exit(EXIT_BAD_CONFIG);
  }
  const refuse = (error: unknown): never => {
    write(`Cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  };
  for (const warning of result.warnings) write(`Warning: ${warning}`);
  const starting: Promise<RunningProxy> = startProxy(result.config, {
    clock: systemClock,
    random: Math.random,
    write,
    variables,
    version,
    askKernel: kernelOriginalDst,
    isListenedOn,
    listenedPorts,
    readFile,
    usage: processUsage,
    onUncaught: tellUncaught,
  }).catch(refuse);
  // Who is told to end while it starts ends as soon as it has started.
  const stop = (): void => void starting.then((proxy) => proxy.drain());
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  (await starting).drained.then(
    () => process.exit(0),
    (error: unknown) => {
      write(`Cannot drain: ${String(error)}`);
      process.exit(1);
    },
  );
  systemClock.after(START_OVER_MS, () => releaseProgramPages());
  // The runtime collects only when it is asked for memory.
  whenAtRest({ clock: systemClock, cpuSeconds }, () => void Bun.gc(true));
}

/** A fault ends what it happened in, and not everybody's connections. */
function tellUncaught(tell: (error: Error) => void): void {
  process.on("uncaughtException", tell);
  process.on("unhandledRejection", (reason) =>
    tell(reason instanceof Error ? reason : new Error(String(reason))),
  );
}

/** Runs another program of Linkerd's image, and sets its exit code. */
export async function runProxyEntry(name: EntryName, words: readonly string[]): Promise<void> {
  const { runEntry } = await import("./entry/run.ts");
  // What waits no longer, such as a connection to nobody, does not keep the process.
  process.exit(await runEntry(name, words, (line) => void process.stderr.write(`${line}\n`)));
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
