/** The role `cni`: the node agent of the DaemonSet linkerd-cni, and the removal of all it left. */

import { networkInterfaces } from "node:os";
import { createKubeClient } from "#lib/k8s/client.ts";
import { readInCluster } from "#lib/k8s/in-cluster.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { logOutput } from "#lib/sys/log-output.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { startAgent } from "./agent.ts";
import { type AgentArgs, agentVariables, HELP, parseArgs } from "./args.ts";
import { cleanUp } from "./cleanup.ts";
import { embedShim } from "./shim/build.ts" with { type: "macro" };

/** Flags that cannot be used, as in Go's flag package. */
const EXIT_USAGE = 2;

/** Redirects the pod that it runs in, as an init container of it does; `words` are the flags of Linkerd's proxy-init. */
export async function runProxyInit(words: readonly string[]): Promise<void> {
  const [{ parseInit }, { redirectPod }, { runStep }] = await Promise.all([
    import("./init/args.ts"),
    import("./init/run.ts"),
    import("./apply/steps.ts"),
  ]);
  const args = parseInit(words);
  const fail = (code: number, message: string): void => {
    process.stderr.write(`${message}\n`);
    process.exitCode = code;
  };
  if (typeof args === "string") {
    fail(EXIT_USAGE, `Cannot start: ${args}`);
    return;
  }
  try {
    redirectPod(args, {
      say: (line) => void process.stdout.write(`${line}\n`),
      run: runStep,
    });
  } catch (error) {
    fail(1, error instanceof Error ? error.message : String(error));
  }
}

/** Runs until SIGTERM or SIGINT; `words` are the arguments after the role. */
export async function runCni(words: readonly string[], version: string): Promise<void> {
  const parsed = parseArgs(words, agentVariables());
  switch (parsed.type) {
    case "help":
      process.stdout.write(HELP);
      return;
    case "error":
      process.stderr.write(`Cannot start: ${parsed.message}\n`);
      process.exitCode = EXIT_USAGE;
      return;
    case "cleanup":
      cleanUp(parsed.args, (error) => {
        process.stderr.write(`${error.message}\n`);
        process.exitCode = 1;
      });
      return;
    case "agent":
      await runAgent(parsed.args, version).catch((error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      });
  }
}

async function runAgent(args: AgentArgs, version: string): Promise<void> {
  const filter = new LogFilter();
  filter.set(args.logLevel);
  const logger = createLogger({
    filter,
    format: args.logFormat,
    wall: () => systemClock.wall(),
    write: logOutput(Bun.stdout.writer()),
    target: "linkerd_cni",
  });
  logger.info("starting", { version, node: args.nodeName });
  const agent = startAgent(args, {
    client: createKubeClient(await readInCluster(args.api)),
    clock: systemClock,
    random: Math.random,
    logger,
    shim: Buffer.from(embedShim(), "base64"),
    has: (program) => Bun.which(program) !== null,
    nodeAddresses,
  });
  const stop = (): void => {
    const { isRemoved } = agent;
    agent.stop();
    if (isRemoved) {
      logger.info("removed from the cluster: cleaning up the node", {});
      cleanUp(args, (error) => logger.error("cannot clean up", { error: error.message }));
    }
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

/** The addresses of this namespace: the node's, as the agent runs in the node's network. */
function nodeAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).filter(({ internal }) => !internal).map(({ address }) => address),
  );
}
