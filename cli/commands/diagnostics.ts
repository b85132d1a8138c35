/** `diagnostics`: what a proxy counts, as it says it. */

import { createHash } from "node:crypto";
import type { Command } from "commander";
import type { KubeClient } from "#lib/k8s/client.ts";
import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { inParallel, isMeshed, scrapeProxy } from "../check/proxies.ts";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { findPod, findWorkloads, parseWorkloads, podsOf } from "../workloads.ts";
import { addControllerMetrics } from "./controller-metrics.ts";
import { addEndpoints } from "./endpoints.ts";
import { addPolicy, addProfileQuery } from "./policy.ts";
import { addPrometheusTargets } from "./prometheus-targets.ts";

/** Adds `diagnostics`, alias `dg`. */
export function addDiagnostics(parent: Command, context: Context): void {
  const diagnostics = addCommand(parent, {
    usage: "diagnostics",
    summary: "Commands used to diagnose Linkerd components",
    examples: [
      ["Who serves a Service", "bunkerd diagnostics endpoints web.shop.svc.cluster.local:80"],
      ["What the proxies of a deployment count", "bunkerd diagnostics proxy-metrics deploy/web"],
    ],
  }).alias("dg");
  addEndpoints(diagnostics, context);
  addPolicy(diagnostics, context);
  addProfileQuery(diagnostics, context);
  addProxyMetrics(diagnostics, context);
  addControllerMetrics(diagnostics, context);
  addPrometheusTargets(diagnostics, context);
}

type Flags = { readonly namespace?: string; readonly obfuscate?: boolean };

function addProxyMetrics(parent: Command, context: Context): void {
  const command = addCommand(parent, {
    usage: "proxy-metrics <RESOURCE>",
    summary: "Fetch metrics directly from Linkerd proxies",
    details: "RESOURCE is po/NAME, deploy/NAME, ds/NAME, sts/NAME or rs/NAME.",
    examples: [
      ["Of all pods of a deployment", "bunkerd diagnostics proxy-metrics deploy/web -n shop"],
      ["Of one pod", "bunkerd diagnostics proxy-metrics po/web-59db9d8-2xk5f -n shop"],
    ],
  })
    .option("-n, --namespace <name>", "Namespace of the resource; the context's unless given")
    .option("--obfuscate", "Hash names and addresses, so that the metrics can be shown to others");
  command.action(async (resource: string) => {
    const flags = flagsOf<Flags>(command);
    const { client, namespace: own } = await context.connect(flags);
    const namespace = flags.namespace ?? own;
    const pods = (await findPods(client, { resource, namespace })).filter((pod) =>
      isMeshed(pod, flags.linkerdNamespace),
    );
    if (pods.length === 0) throw new CommandError(`Cannot find a meshed pod of ${resource}`);
    context.terminal.progress(`asking ${pods.length} proxies`);
    const texts = await inParallel(pods, (pod) =>
      scrapeProxy(client, pod).catch((error: Error) => `# ERROR ${error.message}\n`),
    );
    for (const [at, pod] of pods.entries()) {
      const text = texts[at] ?? "";
      const title = `#\n# POD ${pod.metadata?.name} (${at + 1} of ${pods.length})\n#\n`;
      context.terminal.write(title + (flags.obfuscate === true ? obfuscate(text) : text));
    }
  });
}

async function findPods(
  client: KubeClient,
  { resource, namespace }: { readonly resource: string; readonly namespace: string },
): Promise<readonly Pod[]> {
  const [, name] = /^(?:po|pod|pods)\/(.+)$/.exec(resource) ?? [];
  if (name !== undefined) return [await findPod(client, { name, namespace })];
  const [named] = parseWorkloads([resource]);
  if (named?.name === undefined)
    throw new CommandError(`Cannot use "${resource}": a name is missing, as in deploy/web`);
  const [workload] = await findWorkloads(client, { named, namespace });
  const { items } = await client.list(PODS, { namespace });
  return workload === undefined ? [] : podsOf(workload, items);
}

/** Labels that name who runs what, or where. */
const SECRET =
  /\b(authority|hostname|pod|(?:client|server)_id|[a-z]+_(?:addr|ip)|addr|dst(?:_[a-z_]+)?|rt_route|(?:parent|backend|route|srv|saz|authz)_(?:name|namespace|section_name))="((?:[^"\\]|\\.)+)"/g;
const HASH_LENGTH = 12;

function obfuscate(text: string): string {
  return text.replace(SECRET, (_, label: string, value: string) => {
    const hash = createHash("sha256").update(value).digest("hex").slice(0, HASH_LENGTH);
    return `${label}="${hash}"`;
  });
}
