/** A pod that is no longer captured does not stay ready. */

import { readdirSync, readFileSync } from "node:fs";
import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { netnsCookie } from "#lib/sys/netns.ts";
import { RedirectMaps } from "../../../bpf/redirect.ts";
import { TABLE } from "../../../cni/redirect/nft.ts";
import { type Bed, inPod, isReady, must, podOf, until } from "../bed.ts";
import type { Check } from "../check.ts";

export const CAPTURE: readonly Check[] = [
  {
    name: "a pod whose redirection is taken away turns not ready, and ready when it is put back",
    run: takenAway,
  },
];

const NAMESPACE = "probes";
/** The agent looks every 5 s; the proof is renewed every 2 s in these pods, and probes come every 10 s, three times. */
const TIMEOUT_MS = 60_000;

async function takenAway(bed: Bed): Promise<string> {
  const pod = await podOf(bed, "captive", NAMESPACE);
  const agent = await agentProcesses(bed);
  const all = (signal: NodeJS.Signals): void => {
    for (const pid of agent) process.kill(pid, signal);
  };
  all("SIGSTOP");
  const started = performance.now();
  try {
    if (bed.tier === "ebpf") forgetPod(bed, pod);
    else await must(bed, inPod(bed, pod, ["nft", "delete", "table", "inet", TABLE]));
    await until("the pod is not ready", TIMEOUT_MS, async () => !isReady(await again(bed, pod)));
  } finally {
    all("SIGCONT");
  }
  const lost = performance.now() - started;
  await until("the pod is ready again", TIMEOUT_MS, async () => isReady(await again(bed, pod)));
  const back = performance.now() - started - lost;
  return `not ready after ${(lost / 1000).toFixed(1)} s, ready ${(back / 1000).toFixed(1)} s after the agent was back`;
}

async function again(bed: Bed, pod: Pod): Promise<Pod> {
  const { items } = await bed.running.client.list(PODS, { namespace: NAMESPACE });
  const found = items.find(({ metadata }) => metadata?.uid === pod.metadata?.uid);
  if (found === undefined) throw new Error("the pod is gone");
  return found;
}

/** Takes the pod out of the programs' map: its connections are left alone from now on. */
function forgetPod({ instance }: Bed, { metadata }: Pod): void {
  const maps = RedirectMaps.open(`${instance.root}/host/sys/fs/bpf/bunkerd/v1`);
  if (maps === undefined) throw new Error("the node agent has pinned no maps");
  try {
    maps.delete(netnsCookie(`${instance.root}/host/run/netns/cni-${metadata?.uid}`));
  } finally {
    maps.close();
  }
}

async function agentProcesses(bed: Bed): Promise<number[]> {
  const { items } = await bed.running.client.list(PODS, { namespace: "linkerd-cni" });
  const folder = `${bed.instance.cgroup}/kubepods/pod${items[0]?.metadata?.uid}`;
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readFileSync(`${folder}/${name}/cgroup.procs`, "utf8").split("\n"))
    .filter((pid) => pid !== "")
    .map(Number);
}
