/** Run by the bench in the control plane's network: fills the cluster, starts the controller and its watchers, prints what came of it. */

import { readFileSync } from "node:fs";
import { createKubeClient, type KubeClient } from "#lib/k8s/client.ts";
import { loadKubeconfig } from "#lib/k8s/kubeconfig.ts";
import { ENDPOINT_SLICES } from "#lib/k8s/resource.ts";
import { Histogram } from "../load/histogram.ts";
import { cpuTicks, TICK_MS } from "../process.ts";
import { endRole, startRole } from "../role-process.ts";
import { fill } from "./fill.ts";
import { namespaceName, SIZE, sliceName } from "./objects.ts";
import type { Fan, ScaleResult } from "./result.ts";
import { Watchers } from "./watchers.ts";

const PORT = 8086;
const CONNECTIONS = { connections: 200, streams: 5 };
/** Each is a patch that takes an endpoint away or gives it back. */
const CHANGES = 400;
const WARM_UP = 40;
const REST_MS = 20;

async function main([dir = "."]: readonly string[]): Promise<ScaleResult> {
  const { server, ...access } = await loadKubeconfig({});
  const client = createKubeClient({ server, ...access });
  const began = performance.now();
  await fill(client);
  const filledSeconds = (performance.now() - began) / 1000;
  const { hostname: host, port } = new URL(server);
  const started = performance.now();
  const role = startRole(dir, {
    words: JSON.parse(readFileSync(`${dir}/words.json`, "utf8")) as string[],
    api: {
      host,
      port,
      caPem: (typeof access.ca === "function" ? await access.ca() : access.ca) ?? "",
    },
    token: readFileSync(`${dir}/token`, "utf8"),
  });
  const ended = role.exited.then((code) => {
    throw new Error(`Cannot measure: the controller ended with ${code}`);
  });
  ended.catch(() => undefined);
  try {
    return await Promise.race([
      ended,
      measure({ client, pid: role.pid, started }).then((found) => ({ ...found, filledSeconds })),
    ]);
  } finally {
    await endRole(role);
  }
}

async function measure(on: {
  readonly client: KubeClient;
  readonly pid: number;
  readonly started: number;
}): Promise<Omit<ScaleResult, "filledSeconds">> {
  const apart = new Watchers({ port: PORT, ...CONNECTIONS, service: (watcher) => watcher });
  await apart.synced;
  const syncedSeconds = (performance.now() - on.started) / 1000;
  const startCpuSeconds = (cpuTicks(on.pid) * TICK_MS) / 1000;
  const afterStart = memory(on.pid);
  const one = await change(on, apart, (round) => (round * 7) % SIZE.services);
  apart.stop();
  const together = new Watchers({ port: PORT, ...CONNECTIONS, service: () => 0 });
  await together.synced;
  const all = await change(on, together, () => 0);
  const atEnd = memory(on.pid);
  together.stop();
  return { syncedSeconds, startCpuSeconds, one, all, memoryMib: { afterStart, atEnd } };
}

/** One change after the other, each seen by all whom it concerns before the next; every second one takes back the one before. */
async function change(
  { client, pid }: { readonly client: KubeClient; readonly pid: number },
  watchers: Watchers,
  serviceOf: (round: number) => number,
): Promise<Fan> {
  const fromSent = new Histogram();
  const fromAnswered = new Histogram();
  let cpu = 0;
  for (let round = 0; round < WARM_UP + CHANGES; round++) {
    if (round === WARM_UP) cpu = cpuTicks(pid);
    const service = serviceOf(round >> 1);
    const ready = round % 2 === 1;
    const seen = watchers
      .see(service, ready ? { added: 1, removed: 0 } : { added: 0, removed: 1 })
      .then(() => performance.now());
    const sent = performance.now();
    await patchReady(client, service, ready);
    const answered = performance.now();
    const last = await seen;
    if (round >= WARM_UP) {
      fromSent.record((last - sent) * 1000);
      fromAnswered.record(Math.max(last - answered, 0) * 1000);
    }
    await Bun.sleep(REST_MS);
  }
  const millis = (histogram: Histogram) => ({
    p50: histogram.quantile(0.5) / 1000,
    p99: histogram.quantile(0.99) / 1000,
    max: histogram.max / 1000,
  });
  return {
    changes: CHANGES,
    fromSent: millis(fromSent),
    fromAnswered: millis(fromAnswered),
    cpuMs: ((cpuTicks(pid) - cpu) * TICK_MS) / CHANGES,
  };
}

async function patchReady(client: KubeClient, service: number, ready: boolean): Promise<void> {
  const name = { name: sliceName(service), namespace: namespaceName(service) };
  const body = [{ op: "replace", path: "/endpoints/3/conditions/ready", value: ready }];
  await client.patch(ENDPOINT_SLICES, name, { type: "json", body });
}

/** What the process holds now, and the most that it ever held. */
function memory(pid: number): { readonly rss: number; readonly most: number } {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]) / 1024;
  return { rss: of("VmRSS"), most: of("VmHWM") };
}

process.stdout.write(`${JSON.stringify(await main(process.argv.slice(2)))}\n`);
process.exit(0);
