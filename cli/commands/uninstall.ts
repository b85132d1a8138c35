/** `uninstall` and `prune`: what `kubectl delete -f -` is to take away. */

import type { Command } from "commander";
import type { KubeClient } from "#lib/k8s/client.ts";
import { PODS } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { WEBHOOKS } from "#lib/k8s/webhooks.ts";
import { renderControlPlane } from "../../deploy/control-plane.ts";
import { renderCrds } from "../../deploy/crds/render.ts";
import { ISSUER_SECRET } from "../check/config.ts";
import { live } from "../check/objects.ts";
import { isMeshed } from "../check/proxies.ts";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { addOutputFlag } from "../install-flags.ts";
import { valuesOf } from "../install-values.ts";
import { ANCHORS, readInstalled } from "../installed.ts";
import { CLUSTER_KINDS, findMarked, NAMESPACED_KINDS } from "../leftovers.ts";
import { writeManifest } from "../manifest.ts";

type Flags = { readonly force?: boolean; readonly output: "yaml" | "json" };

/** So many pods are named before the rest is counted. */
const NAMED_PODS = 10;

/** Adds `uninstall`. */
export function addUninstall(parent: Command, context: Context): void {
  const command = addOutputFlag(
    addCommand(parent, {
      usage: "uninstall",
      summary: "Output Kubernetes resources to uninstall Linkerd control plane",
      details:
        "Applications have to be rolled out of the mesh first: their proxies would be left without a control plane. The node agent is taken away by bunkerd install-cni | kubectl delete -f -; each agent cleans its node when it ends.",
      examples: [["Everything of the control plane", "bunkerd uninstall | kubectl delete -f -"]],
    }),
  ).option("-f, --force", "Also where pods are still meshed");
  command.action(async () => {
    const flags = flagsOf<Flags>(command);
    const { client } = await context.connect(flags);
    if (flags.force !== true) await expectNobodyMeshed(client, flags.linkerdNamespace);
    const objects = await findMarked(client, {
      kinds: CLUSTER_KINDS,
      namespace: flags.linkerdNamespace,
    });
    if (objects.length === 0)
      throw new CommandError(
        `Cannot uninstall: nothing in the cluster belongs to a control plane in namespace ${flags.linkerdNamespace}`,
      );
    writeManifest(objects, { output: flags.output, context });
  });
}

async function expectNobodyMeshed(client: KubeClient, namespace: string): Promise<void> {
  const { items } = await client.list(PODS);
  const names = live(items)
    .filter((pod) => pod.metadata?.namespace !== namespace && isMeshed(pod, namespace))
    .map(({ metadata }) => `* ${metadata?.namespace}/${metadata?.name}`);
  if (names.length === 0) return;
  const more = names.length > NAMED_PODS ? [`and ${names.length - NAMED_PODS} more`] : [];
  throw new CommandError(
    [
      "Cannot uninstall: these pods are meshed; run bunkerd uninject on what made them first, or use --force",
      ...names.slice(0, NAMED_PODS),
      ...more,
    ].join("\n"),
  );
}

/** Adds `prune`. */
export function addPrune(parent: Command, context: Context): void {
  const command = addOutputFlag(
    addCommand(parent, {
      usage: "prune",
      summary: "Output extraneous Kubernetes resources in the linkerd control plane",
      details:
        "What an earlier version installed and this one does not, after an upgrade. Nothing is printed where there is no such thing, and kubectl then says that it was given nothing.",
      examples: [["Take them away", "bunkerd prune | kubectl delete -f -"]],
    }),
  );
  command.action(async () => {
    const flags = flagsOf<Flags>(command);
    const { client } = await context.connect(flags);
    const namespace = flags.linkerdNamespace;
    const { overrides, certificates } = await readInstalled(client, {
      namespace,
      wallMs: context.wall(),
    });
    const values = valuesOf(context.version, overrides);
    const rendered = [...renderCrds(namespace), ...renderControlPlane(values, certificates)];
    const wanted = new Set([...rendered, ...certified(namespace)].map(keyOf));
    const found = await findMarked(client, {
      kinds: [...NAMESPACED_KINDS, ...CLUSTER_KINDS],
      namespace,
    });
    writeManifest(
      found.filter((object) => !wanted.has(keyOf(object))),
      { output: flags.output, context },
    );
  });
}

/** What certificates are in, whoever writes them: where others do, it may have been ours, and bear our labels. */
function certified(namespace: string): KubeObject[] {
  const secrets = [ISSUER_SECRET, ...Object.values(WEBHOOKS).map(({ secret }) => secret)];
  return [
    { kind: "ConfigMap", metadata: { name: ANCHORS.name, namespace } },
    ...secrets.map((name) => ({ kind: "Secret", metadata: { name, namespace } })),
  ];
}

const keyOf = ({ kind, metadata }: KubeObject): string =>
  [kind, metadata?.namespace, metadata?.name].join("/");
