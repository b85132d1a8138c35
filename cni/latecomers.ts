/** Pods that came up before the plugin was configured on their node: they are redirected where they run. */

import { readdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { Logger } from "#lib/log/logger.ts";
import { inNetns } from "#lib/sys/netns.ts";
import type { Attachments } from "./attachments.ts";
import { type Plugin, RUNNING } from "./plugin.ts";
import type { NodePods } from "./pods.ts";
import type { RedirectPlan } from "./redirect/plan.ts";

/** A network namespace that the runtime has named. */
export interface NamedNetns {
  readonly path: string;
  readonly interfaces: readonly { readonly name: string; readonly address: string }[];
}

/** What looking for them needs. */
export interface LatecomerOptions {
  readonly pods: NodePods;
  readonly attachments: Attachments;
  readonly plugin: Plugin;
  readonly logger: Logger;
  /** The network namespaces of this node's pods. */
  readonly namespaces: () => readonly NamedNetns[];
}

/** Redirects those who are not yet, and says how many. */
export function redirectLatecomers(options: LatecomerOptions): number {
  const { attachments, plugin, logger } = options;
  const missed = findMissed(options);
  if (missed.length === 0) return 0;
  const taken = new Set(attachments.list().map(({ place }) => place.netns));
  const free = options.namespaces().filter(({ path }) => !taken.has(path));
  let redirected = 0;
  for (const { pod, plan } of missed) {
    const ips = (pod.status?.podIPs ?? []).flatMap(({ ip }) => ip ?? []);
    const [place] = free.flatMap(({ path, interfaces }) =>
      interfaces
        .filter(({ address }) => ips.includes(address))
        .map(({ name }) => ({ netns: path, ifname: name })),
    );
    if (place === undefined) continue;
    const containerId = `${RUNNING}${pod.metadata?.uid}`;
    try {
      plugin.redirectRunning({ ...place, containerId, pod: keyOf(pod), ips }, plan);
      logger.info("redirected a pod that ran already", { pod: keyOf(pod) });
      redirected++;
    } catch (error) {
      logger.warn("cannot redirect a running pod", { pod: keyOf(pod), error: String(error) });
    }
  }
  return redirected;
}

/** Meshed pods that run and are not on record. */
function findMissed({
  pods,
  attachments,
  logger,
}: LatecomerOptions): { readonly pod: Pod; readonly plan: RedirectPlan }[] {
  const known = new Set(attachments.list().map(({ pod }) => pod));
  return pods.running().flatMap((pod) => {
    if (known.has(keyOf(pod))) return [];
    try {
      const verdict = pods.judgeKnown(pod);
      return verdict.type === "meshed" ? [{ pod, plan: verdict.plan }] : [];
    } catch (error) {
      logger.warn("cannot redirect a running pod", { pod: keyOf(pod), error: String(error) });
      return [];
    }
  });
}

const keyOf = ({ metadata }: Pod): string => `${metadata?.namespace}/${metadata?.name}`;

/** Those in a folder; one that is gone, or is none, is left out. */
export function namespacesIn(folder: string): NamedNetns[] {
  return listed(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    try {
      return [{ path, interfaces: inNetns(path, interfacesHere) }];
    } catch {
      return [];
    }
  });
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function interfacesHere(): { name: string; address: string }[] {
  return Object.entries(networkInterfaces()).flatMap(([name, all]) =>
    (all ?? []).filter(({ internal }) => !internal).map(({ address }) => ({ name, address })),
  );
}
