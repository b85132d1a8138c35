/** The policy API under changes of routes: how soon a watcher hears, what each change and each watcher costs. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { ENDPOINT_SLICES, HTTP_ROUTES, NAMESPACES, SERVICES } from "#lib/k8s/resource.ts";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import { createCertificates } from "../../../deploy/certificates.ts";
import { renderControlPlane } from "../../../deploy/control-plane.ts";
import { renderGatewayApi } from "../../../deploy/crds/gateway-api/render.ts";
import { renderCrds } from "../../../deploy/crds/render.ts";
import { createValues } from "../../../deploy/values.ts";
import { applyAll } from "../../../dev/apply.ts";
import { FakeKubeApi } from "../../fake/kube-api.ts";
import { Histogram } from "../load/histogram.ts";
import { judgeGoal } from "../measurement.ts";
import { cpuTicks, memoryMib, TICK_MS } from "../process.ts";
import { endRole, programFolder, startRole } from "../role-process.ts";
import { makeRoute, makeService, makeSlice, NAMESPACE, serviceName } from "./objects.ts";
import { PolicyWatchers } from "./watchers.ts";

const WATCHERS = 1000;
/** Those whose memory counts: the first ones bring what all share. */
const MORE = 2000;
const CHANGES = 400;
const WARM_UP = 40;
const REST_MS = 10;
const SETTLE_MS = 3000;
const READY_TIMEOUT_MS = 30_000;
const [POLICY_PORT, ADMIN_PORT] = [18_090, 19_996];
const PUSH = { goal: 100, target: 50, unit: "ms" } as const;
const MEMORY = { goal: 40, target: 20, unit: "KiB" } as const;

type Say = (line: string) => void;

/** Measures and prints; false where a goal is missed. */
export async function measureControl(say: Say): Promise<boolean> {
  const folder = await programFolder();
  const kube = await FakeKubeApi.start();
  try {
    await fill(kube.admin);
    const role = startRole(folder.dir, {
      words: destinationWords(),
      api: { host: "localhost", port: new URL(kube.url).port, caPem: kube.authority.anchorsPem },
      token: "admin",
    });
    try {
      await isReady();
      return await measure({ client: kube.admin, pid: role.pid }, say);
    } finally {
      await endRole(role);
    }
  } finally {
    kube.stop();
    folder.remove();
  }
}

async function fill(client: KubeClient): Promise<void> {
  await client.create(NAMESPACES, { metadata: { name: NAMESPACE } });
  await client.create(NAMESPACES, { metadata: { name: "linkerd" } });
  await applyAll(client, [...renderCrds("linkerd"), ...renderGatewayApi("standard")]);
  for (let service = 0; service < WATCHERS + MORE; service++) {
    await client.create(SERVICES, makeService(service));
    await client.create(ENDPOINT_SLICES, makeSlice(service));
    if (service < WATCHERS) await client.create(HTTP_ROUTES, makeRoute(service) as never);
  }
}

/** The flags that the manifests give to the role, with ports of their own and without webhooks. */
function destinationWords(): string[] {
  const values = createValues("0.0.0-bench");
  const { namespace, identityTrustDomain: trustDomain } = values;
  const certificates = createCertificates({ namespace, trustDomain, nowMs: Date.now() });
  const deployment = renderControlPlane(values, certificates).find(
    (object): object is Deployment =>
      object.kind === "Deployment" && object.metadata?.name === "linkerd-destination",
  );
  const args = deployment?.spec?.template.spec?.containers.find(
    ({ name }) => name === "destination",
  )?.args;
  const own = [
    "-addr=127.0.0.1:18086",
    `-grpc-addr=127.0.0.1:${POLICY_PORT}`,
    `-metrics-addr=127.0.0.1:${ADMIN_PORT}`,
  ];
  return [...(args ?? []).slice(1), ...own, "-admission-controller-disabled"];
}

async function isReady(): Promise<void> {
  const limit = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${ADMIN_PORT}/ready`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (performance.now() > limit) throw new Error("Cannot measure: the controller is not ready");
    await Bun.sleep(50);
  }
}

async function measure(
  { client, pid }: { readonly client: KubeClient; readonly pid: number },
  say: Say,
): Promise<boolean> {
  const watchers = new PolicyWatchers();
  try {
    await watchers.open(POLICY_PORT, { from: 0, count: WATCHERS });
    const pushed = new Histogram();
    let cpu = 0;
    for (let round = 0; round < WARM_UP + CHANGES; round++) {
      if (round === WARM_UP) cpu = cpuTicks(pid);
      const service = (round * 7) % WATCHERS;
      const told = watchers.told(service);
      const sent = performance.now();
      const body = { spec: (makeRoute(service, round + 1) as { readonly spec: object }).spec };
      const name = { name: serviceName(service), namespace: NAMESPACE };
      await client.patch(HTTP_ROUTES, name, { type: "merge", body });
      await told;
      if (round >= WARM_UP) pushed.record((performance.now() - sent) * 1000);
      await Bun.sleep(REST_MS);
    }
    const cpuMs = ((cpuTicks(pid) - cpu) * TICK_MS) / CHANGES;
    await Bun.sleep(SETTLE_MS);
    const before = memoryMib(pid)("Pss");
    await watchers.open(POLICY_PORT, { from: WATCHERS, count: MORE });
    await Bun.sleep(SETTLE_MS);
    const kib = ((memoryMib(pid)("Pss") - before) * 1024) / MORE;
    say(
      `control: ${CHANGES} changes of a route, p50 ${(pushed.quantile(0.5) / 1000).toFixed(1)} ms, most ${(pushed.max / 1000).toFixed(1)} ms; ${cpuMs.toFixed(2)} ms of CPU for each`,
    );
    const held = [
      judgeGoal("control: change to its watcher, p99", pushed.quantile(0.99) / 1000, PUSH, say),
      judgeGoal(`control: memory of each of ${MORE} more watchers`, kib, MEMORY, say),
    ];
    return held.every(Boolean);
  } finally {
    watchers.stop();
  }
}
