/** `diagnostics controller-metrics`: what the controllers count, as they say it. */

import type { Command } from "commander";
import type { KubeClient } from "#lib/k8s/client.ts";
import type { Container, Pod } from "#lib/k8s/types/core.ts";
import { parseGoDuration } from "#lib/time/duration.ts";
import { controlPlanePods } from "../check/existence.ts";
import { inParallel, scrape } from "../check/proxies.ts";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { within } from "../within.ts";

type Flags = { readonly wait: string };
type Source = { readonly pod: Pod; readonly container: Container; readonly port: number };

/** Adds it to `diagnostics`, alias `cp-metrics`. */
export function addControllerMetrics(parent: Command, context: Context): void {
  const command = addCommand(parent, {
    usage: "controller-metrics",
    summary: "Fetch metrics directly from the Linkerd control plane containers",
    examples: [["Of all controllers", "bunkerd diagnostics controller-metrics"]],
  })
    .alias("cp-metrics")
    .option("-w, --wait <duration>", "Give up after this time", "30s");
  command.action(async () => {
    const flags = flagsOf<Flags>(command);
    const waitMs = parseGoDuration(flags.wait);
    if (waitMs === undefined)
      throw new CommandError(`Cannot use --wait ${flags.wait}: it is no duration, as 30s is`);
    const { client } = await context.connect(flags);
    const pods = await controlPlanePods({ client, linkerdNamespace: flags.linkerdNamespace });
    const sources = pods.flatMap(sourcesOf);
    if (sources.length === 0)
      throw new CommandError(
        `Cannot find controllers in namespace ${flags.linkerdNamespace}: is the control plane installed?`,
      );
    const texts = await inParallel(sources, (source) =>
      readOrSay(client, { source, waitMs, context }),
    );
    for (const [at, { pod, container }] of sources.entries())
      context.terminal.write(
        `#\n# POD ${pod.metadata?.name} (${at + 1} of ${sources.length})\n# CONTAINER ${container.name}\n#\n${texts[at] ?? ""}`,
      );
  });
}

/** The controllers of a pod, not its proxy. */
function sourcesOf(pod: Pod): Source[] {
  return (pod.spec?.containers ?? []).flatMap((container) => {
    const port = container.ports?.find(({ name }) => name === "admin-http")?.containerPort;
    return port === undefined ? [] : [{ pod, container, port }];
  });
}

/** What one says, or why it says nothing. */
async function readOrSay(
  client: KubeClient,
  how: { readonly source: Source; readonly waitMs: number; readonly context: Context },
): Promise<string> {
  const { source, waitMs, context } = how;
  const answer = scrape(client, source).catch((error: Error) => `# ERROR ${error.message}\n`);
  return (await within(answer, waitMs, context)) ?? `# ERROR no answer in ${waitMs} ms\n`;
}
