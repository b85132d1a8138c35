/** `version`: of this program, of the control plane, of the proxies. */

import type { Command } from "commander";
import { PROXY_VERSION } from "#lib/k8s/annotations.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import { CONFIG_MAPS, PODS } from "#lib/k8s/resource.ts";
import { isMeshed } from "../check/proxies.ts";
import { addCommand, flagsOf, type GlobalFlags } from "../command.ts";
import type { Context } from "../context.ts";

type Flags = {
  readonly client?: boolean;
  readonly proxy?: boolean;
  readonly short?: boolean;
  readonly namespace?: string;
};

/** Adds `version`. */
export function addVersion(parent: Command, context: Context): void {
  const command = addCommand(parent, {
    usage: "version",
    summary: "Print the client and server version information",
    examples: [
      ["Of this program alone", "bunkerd version --client"],
      ["Of the proxies in a namespace too", "bunkerd version --proxy -n shop"],
    ],
  })
    .option("--client", "Print the client version only")
    .option("--short", "Print the version number only")
    .option("--proxy", "Print data-plane versions")
    .option("-n, --namespace <name>", "Namespace for --proxy; all unless given");
  command.action(async () => {
    const flags = flagsOf<Flags>(command);
    const line = (title: string, text: string): void =>
      context.terminal.write(flags.short === true ? `${text}\n` : `${title} version: ${text}\n`);
    line("Client", context.version);
    if (flags.client === true) return;
    const { client } = await context.connect(flags);
    line("Server", (await serverVersion(client, flags)) ?? "unavailable");
    if (flags.proxy === true) context.terminal.write(await proxyVersions(client, flags));
  });
}

/** The version that the control plane was installed as; undefined where there is none. */
export async function serverVersion(
  client: KubeClient,
  { linkerdNamespace }: Pick<GlobalFlags, "linkerdNamespace">,
): Promise<string | undefined> {
  const name = { name: "linkerd-config", namespace: linkerdNamespace };
  const text = (await client.get(CONFIG_MAPS, name))?.data?.["values"];
  return /["']?linkerdVersion["']?\s*:\s*["']?([^"',\s]+)/.exec(text ?? "")?.[1];
}

async function proxyVersions(client: KubeClient, flags: GlobalFlags & Flags): Promise<string> {
  const { items } = await client.list(PODS, { namespace: flags.namespace });
  const counts = new Map<string, number>();
  for (const pod of items) {
    if (!isMeshed(pod, flags.linkerdNamespace)) continue;
    const version = pod.metadata?.annotations?.[PROXY_VERSION] ?? "unknown";
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  if (counts.size === 0) return "Proxy versions: unavailable\n";
  const lines = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([version, pods]) => `\t${version} (${pods} ${pods === 1 ? "pod" : "pods"})\n`);
  return `Proxy versions:\n${lines.join("")}`;
}
