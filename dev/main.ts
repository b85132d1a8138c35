/** `bunkerd dev`: a whole mesh on this machine. */

import { readFileSync } from "node:fs";
import { createKubeClient } from "#lib/k8s/client.ts";
import { PODS } from "#lib/k8s/resource.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { type DevCommand, HELP, parseDev } from "./args.ts";
import { type Instance, instanceOf, ownerOf, removeInstance } from "./instance.ts";
import { accessOf } from "./kubeconfig.ts";
import { describe } from "./status.ts";
import { bringUp } from "./up.ts";

/** Exit status of a wrong command line. */
const EXIT_USAGE = 2;
/** Milliseconds for pods to end when the instance is ended. */
const GRACE_MS = 2_000;
/** Milliseconds between looks at whether the instance's own process has ended, and how many looks. */
const LOOK_MS = 50;
const LOOKS = 200;

/** Runs one command; `words` are the arguments after `dev`. */
export async function runDev(words: readonly string[], version: string): Promise<void> {
  const command = parseDev(words, process.cwd());
  switch (command.type) {
    case "help":
      process.stdout.write(HELP);
      return;
    case "error":
      process.stderr.write(`Cannot run dev: ${command.message}\n`);
      process.exitCode = EXIT_USAGE;
      return;
    case "up":
    case "down":
    case "status":
    case "kubeconfig":
      await act(command, version).catch((error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      });
  }
}

type Action = Exclude<DevCommand, { readonly type: "help" | "error" }>;

async function act(command: Action, version: string): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error(
      `Cannot run dev ${command.type}: network namespaces, mounts and eBPF need root; run: sudo ${process.argv.slice(0, 2).join(" ")} dev ${command.type}`,
    );
  const instance = instanceOf(command.name);
  switch (command.type) {
    case "up":
      await up(command, instance, version);
      return;
    case "down":
      await down(instance);
      return;
    case "status":
      await status(instance);
      return;
    case "kubeconfig":
      requireRunning(instance);
      process.stdout.write(`${instance.root}/kubeconfig\n`);
  }
}

async function up(
  command: Extract<Action, { readonly type: "up" }>,
  instance: Instance,
  version: string,
): Promise<void> {
  const filter = new LogFilter();
  filter.set(command.verbose ? "debug" : "warn");
  const logger = createLogger({
    filter,
    format: "plain",
    wall: () => systemClock.wall(),
    write: (line) => void process.stderr.write(`${line}\n`),
    target: "dev",
  });
  const report = (line: string): void => void process.stdout.write(`${line}\n`);
  const running = await bringUp({
    ...command,
    instance,
    version,
    logger,
    report,
    clock: systemClock,
  });
  report(describe((await running.user.list(PODS)).items, running.exposed.list()));
  report(`export KUBECONFIG=${running.kubeconfigPath}`);
  report("Ctrl-C ends it and removes everything.");
  let ending = false;
  const stop = (): void => {
    if (ending) return;
    ending = true;
    running.stopAndRemove(GRACE_MS).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

async function down(instance: Instance): Promise<void> {
  const owner = ownerOf(instance);
  if (owner !== undefined) {
    process.kill(owner, "SIGTERM");
    for (let look = 0; look < LOOKS && ownerOf(instance) !== undefined; look += 1)
      await Bun.sleep(LOOK_MS);
  }
  await removeInstance(instance);
}

async function status(instance: Instance): Promise<void> {
  requireRunning(instance);
  const access = accessOf(readFileSync(`${instance.root}/kubeconfig`, "utf8"));
  const client = createKubeClient({ ...access, token: () => access.token });
  process.stdout.write(describe((await client.list(PODS)).items, []));
}

function requireRunning(instance: Instance): void {
  if (ownerOf(instance) === undefined)
    throw new Error(
      `Cannot find instance ${instance.name}: it does not run; bunkerd dev up starts it`,
    );
}
