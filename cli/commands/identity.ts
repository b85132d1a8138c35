/** `identity`: the certificates that the proxies of pods show. */

import type { Command } from "commander";
import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { peerCertificates } from "#lib/net/peer-certificates.ts";
import { certificateText } from "../certificate-text.ts";
import { inParallel, isMeshed, proxyOf } from "../check/proxies.ts";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Cluster, Context } from "../context.ts";
import { within } from "../within.ts";
import { findPod } from "../workloads.ts";

type Flags = { readonly namespace?: string; readonly selector?: string };

const INBOUND_PORT = 4143;
/** Milliseconds that a proxy has to answer. */
const ANSWER_MS = 10_000;

/** Adds `identity`. */
export function addIdentity(parent: Command, context: Context): void {
  const command = addCommand(parent, {
    usage: "identity [PODS...]",
    summary: "Display the certificate(s) of one or more selected pod(s)",
    details:
      "Each proxy is asked by a TLS handshake on its inbound port, through the API server. The certificate is printed whoever vouches for it; bunkerd check --proxy verifies.",
    examples: [
      ["Of one pod", "bunkerd identity -n shop web-59db9d8-2xk5f"],
      ["Of all pods with a label", "bunkerd identity -n shop -l app=web"],
    ],
  })
    .option("-n, --namespace <name>", "Namespace of the pods; the context's unless given")
    .option("-l, --selector <query>", "Label query, as app=web");
  command.action(async (names: string[]) => {
    const flags = flagsOf<Flags>(command);
    if (names.length === 0 && flags.selector === undefined)
      throw new CommandError(
        "Cannot tell whose certificate is meant: name pods, or choose them with --selector",
      );
    const cluster = await context.connect(flags);
    const namespace = flags.namespace ?? cluster.namespace;
    const pods = (await findPods(cluster, { names, namespace, selector: flags.selector })).filter(
      (pod) => isMeshed(pod, flags.linkerdNamespace),
    );
    if (pods.length === 0)
      throw new CommandError(`Cannot find a meshed pod of these in namespace ${namespace}`);
    context.terminal.progress(`asking ${pods.length} proxies`);
    const texts = await inParallel(pods, (pod) => describe(pod, { cluster, context }));
    for (const [at, pod] of pods.entries())
      context.terminal.write(
        `\nPOD ${pod.metadata?.name} (${at + 1} of ${pods.length})\n\n${texts[at] ?? ""}`,
      );
    if (texts.some((text) => text.startsWith("Cannot"))) throw new CommandError("");
  });
}

async function findPods(
  { client }: Cluster,
  which: {
    readonly names: readonly string[];
    readonly namespace: string;
    readonly selector: string | undefined;
  },
): Promise<readonly Pod[]> {
  const { names, namespace, selector } = which;
  if (names.length > 0)
    return await Promise.all(
      names.map((name) =>
        findPod(client, { name: name.replace(/^(?:po|pods?)\//, ""), namespace }),
      ),
    );
  return (await client.list(PODS, { namespace, labelSelector: selector })).items;
}

/** Its certificates as text, or why they cannot be had. */
async function describe(
  pod: Pod,
  { cluster, context }: { readonly cluster: Cluster; readonly context: Context },
): Promise<string> {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  const identity = identityOf(pod);
  if (identity === undefined) return "Cannot read certificate: the proxy has no identity set\n";
  const ports = proxyOf(pod)?.ports ?? [];
  const port = ports.find((each) => each.name === "linkerd-proxy")?.containerPort ?? INBOUND_PORT;
  const asking = cluster
    .forward({ namespace, pod: name, port })
    .then((stream) => peerCertificates(stream, identity))
    .then((chain) => chain.map(certificateText).join(""))
    .catch((error: Error) => `Cannot read certificate: ${error.message}\n`);
  return (
    (await within(asking, ANSWER_MS, context)) ??
    `Cannot read certificate: no answer in ${ANSWER_MS} ms\n`
  );
}

/** The name that the proxy was given, made of its variables as the kubelet makes it. */
function identityOf(pod: Pod): string | undefined {
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": pod.metadata?.name,
    "metadata.namespace": pod.metadata?.namespace,
    "spec.serviceAccountName": pod.spec?.serviceAccountName ?? "default",
  };
  const set: Record<string, string> = {};
  for (const { name, value, valueFrom } of proxyOf(pod)?.env ?? [])
    set[name] =
      value?.replaceAll(/\$\((\w+)\)/g, (_, key: string) => set[key] ?? "") ??
      fields[valueFrom?.fieldRef?.fieldPath ?? ""] ??
      "";
  return set["LINKERD2_PROXY_IDENTITY_LOCAL_NAME"] || undefined;
}
