/** `diagnostics prometheus-targets`: what a Prometheus without Kubernetes' discovery is to scrape. */

import type { Command } from "commander";
import { CONTROL_PLANE_NS } from "#lib/k8s/annotations.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import { PODS } from "#lib/k8s/resource.ts";
import { type PlainServer, servePlain } from "#lib/net/plain-http.ts";
import { type TargetGroup, targetsOf } from "../../deploy/prometheus/targets.ts";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";

/** Which mesh. */
type Mesh = { readonly linkerdNamespace: string; readonly cniNamespace: string };

/** Adds it to `diagnostics`. */
export function addPrometheusTargets(parent: Command, context: Context): void {
  const command = addCommand(parent, {
    usage: "prometheus-targets",
    summary: "Output what Prometheus is to scrape, for one without Kubernetes discovery",
    details:
      "As JSON for file_sd_configs, with the labels of Prometheus' own discovery; with --listen it is served for http_sd_configs until the command is stopped.",
    examples: [
      ["Once, into a file", "bunkerd diagnostics prometheus-targets > targets.json"],
      ["For http_sd_configs", "bunkerd diagnostics prometheus-targets --listen 127.0.0.1:9089"],
    ],
  }).option("--listen <address>", "Serve them at this address and port");
  command.action(async () => {
    const flags = flagsOf<{ readonly listen?: string }>(command);
    const at = flags.listen === undefined ? undefined : readAddress(flags.listen);
    const { client } = await context.connect(flags);
    if (at === undefined) context.terminal.write(json(await findTargets(client, flags)));
    else {
      const { port } = serveTargets(client, { ...at, mesh: flags });
      context.terminal.warn(`Targets are at http://${at.ip}:${port}/\n`);
    }
  });
}

const json = (targets: readonly TargetGroup[]): string => `${JSON.stringify(targets, null, 2)}\n`;

/** Controllers and proxies of a mesh, and the node agents. */
async function findTargets(client: KubeClient, mesh: Mesh): Promise<TargetGroup[]> {
  const lists = await Promise.all([
    client.list(PODS, { labelSelector: `${CONTROL_PLANE_NS}=${mesh.linkerdNamespace}` }),
    client.list(PODS, { namespace: mesh.cniNamespace, labelSelector: "k8s-app=linkerd-cni" }),
  ]);
  return lists.flatMap(({ items }) => targetsOf(items));
}

/** Answers each request with what is there then. */
export function serveTargets(
  client: KubeClient,
  { ip, port, mesh }: { readonly ip: string; readonly port: number; readonly mesh: Mesh },
): PlainServer {
  return servePlain({ ip, port }, async ({ method }) => {
    if (method !== "GET") return { status: 405, body: "only GET\n" };
    try {
      const body = json(await findTargets(client, mesh));
      return { status: 200, body, contentType: "application/json" };
    } catch (error) {
      return { status: 503, body: `${String(error)}\n` };
    }
  });
}

function readAddress(text: string): { readonly ip: string; readonly port: number } {
  const [, ip = "", port = ""] = /^(?:\[?([\da-fA-F.:]+)\]?)?:(\d{1,5})$/.exec(text) ?? [];
  if (port === "" || Number(port) > 0xffff)
    throw new CommandError(`Cannot use --listen ${text}: it is no address, as 127.0.0.1:9089 is`);
  return { ip: ip === "" ? "127.0.0.1" : ip, port: Number(port) };
}
