/** The destination controller in a large cluster: a real control plane without nodes, all else simulated through its API. */

import { writeFileSync } from "node:fs";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { createCertificates } from "../../../deploy/certificates.ts";
import { renderControlPlane } from "../../../deploy/control-plane.ts";
import { renderGatewayApi } from "../../../deploy/crds/gateway-api/render.ts";
import { renderCrds } from "../../../deploy/crds/render.ts";
import { createValues } from "../../../deploy/values.ts";
import { output } from "../../e2e/shell.ts";
import { judgeGoal } from "../measurement.ts";
import { programFolder } from "../role-process.ts";
import type { Fan, ScaleResult } from "./result.ts";

const CLUSTER = new URL("../../e2e/cluster/cluster", import.meta.url).pathname;
const INSIDE = new URL("inside.ts", import.meta.url).pathname;
const NAME = "linkerd-destination";
const NAMESPACE = "linkerd";
const GOALS = {
  synced: { goal: 60, unit: "s" },
  change: { goal: 100, target: 50, unit: "ms" },
  memory: { goal: 400, target: 250, unit: "MiB" },
} as const;
/** Seconds for all that is measured. */
const LIMIT_SECONDS = 600;

type Say = (line: string) => void;

/** Measures and prints; false where a goal is missed. */
export async function measureScale(say: Say): Promise<boolean> {
  await output([CLUSTER, "build"]);
  const folder = await programFolder();
  try {
    await output([CLUSTER, "up", "0"]);
    await define();
    await giveRights(folder.dir);
    // They would take away pods of nodes that have no kubelet.
    for (const name of ["kcm", "scheduler"]) await output([CLUSTER, "stop", name]);
    const inside = [CLUSTER, "run", process.execPath, INSIDE, folder.dir];
    const text = await output(["setpriv", "--pdeathsig=KILL", ...inside], {
      timeoutSeconds: LIMIT_SECONDS,
    });
    return tell(JSON.parse(text) as ScaleResult, say);
  } finally {
    await output([CLUSTER, "down"]);
    folder.remove();
  }
}

/** What the controller follows beside Kubernetes' own kinds: it serves nobody before it has heard of all of them. */
async function define(): Promise<void> {
  const objects = [...renderCrds(NAMESPACE), ...renderGatewayApi("standard")];
  await apply(objects);
  const established = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"];
  await output([CLUSTER, "kubectl", ...established]);
}

async function apply(objects: readonly KubeObject[]): Promise<void> {
  const input = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  // Definitions are too long for the annotation that kubectl would keep them in.
  await output([CLUSTER, "kubectl", "apply", "--server-side", "-f", "-"], { input });
}

/** The controller's account with what the manifests let it do, its token, and its flags there. */
async function giveRights(dir: string): Promise<void> {
  const values = createValues("0.0.0-bench");
  const { namespace, identityTrustDomain: trustDomain } = values;
  const certificates = createCertificates({ namespace, trustDomain, nowMs: Date.now() });
  const objects = renderControlPlane(values, certificates);
  await apply(objects.filter(isOfDestination));
  const token = ["create", "token", NAME, "-n", NAMESPACE, "--duration=2h"];
  writeFileSync(`${dir}/token`, await output([CLUSTER, "kubectl", ...token]), { mode: 0o600 });
  const deployment = objects.find(
    (object): object is Deployment =>
      object.kind === "Deployment" && object.metadata?.name === NAME,
  );
  const container = deployment?.spec?.template.spec?.containers.find(
    ({ name }) => name === "destination",
  );
  // Without the word `controller`, and without webhooks, which have no certificates here.
  const words = [...(container?.args ?? []), "-admission-controller-disabled"].slice(1);
  writeFileSync(`${dir}/words.json`, JSON.stringify(words));
}

const isOfDestination = ({ kind, metadata }: KubeObject): boolean =>
  kind === "Namespace" ||
  (/^(ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind ?? "") &&
    metadata?.name?.endsWith("-destination") === true);

function tell(result: ScaleResult, say: Say): boolean {
  const { filledSeconds, syncedSeconds, startCpuSeconds, one, all, memoryMib } = result;
  const { afterStart, atEnd } = memoryMib;
  say(`scale: 1,000 Services, 10,000 pods written in ${filledSeconds.toFixed(0)} s`);
  const passed = [
    judgeGoal("scale: start to synced", syncedSeconds, GOALS.synced, say),
    tellFan("one watcher each", one, say),
    tellFan("1,000 watchers each", all, say),
    judgeGoal("scale: memory (RSS), at most", atEnd.most, GOALS.memory, say),
  ];
  say(
    `scale: RSS ${afterStart.rss.toFixed(0)} MiB when synced (at most ${afterStart.most.toFixed(0)}), ${atEnd.rss.toFixed(0)} at the end; ${startCpuSeconds.toFixed(1)} s of CPU until synced`,
  );
  return passed.every(Boolean);
}

function tellFan(name: string, { changes, fromSent, fromAnswered, cpuMs }: Fan, say: Say): boolean {
  const title = `scale: change to last watcher, ${name}, p99 from the patch's sending`;
  const passed = judgeGoal(title, fromSent.p99, GOALS.change, say);
  say(
    `scale: ${changes} changes, ${name}: p50 ${fromSent.p50.toFixed(1)}, most ${fromSent.max.toFixed(1)} ms; from its answer p50 ${fromAnswered.p50.toFixed(1)}, p99 ${fromAnswered.p99.toFixed(1)} ms; ${cpuMs.toFixed(2)} ms of CPU for each`,
  );
  return passed;
}
