/** The mesh on a cluster: put there by the README's own commands, taken away, and the sample application in it. */

import { readFileSync } from "node:fs";
import type { Place } from "./place.ts";
import { eventually } from "./shell.ts";
import { expectThat } from "./suite.ts";

const README = new URL("../../README.md", import.meta.url).pathname;
const SHOP = new URL("app/shop.yml", import.meta.url).pathname;

/** Rolls the sample application into the mesh, and out. */
export const INJECT = "kubectl -n shop get deploy -o yaml | bunkerd inject - | kubectl apply -f -";
export const UNINJECT: string = INJECT.replace("bunkerd inject", "bunkerd uninject");
/** Waits until the sample application is as it should be. */
export const ROLLED = "kubectl -n shop rollout status deploy/web --timeout=120s";

/** The block of commands below the README's heading "Install". */
function installCommands(readme: string): string[] {
  const [, block = ""] = /^## Install\n[\s\S]*?```\n([\s\S]*?)```/m.exec(readme) ?? [];
  return block
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, ""))
    .filter((line) => line !== "");
}

/** Installs as the README says. */
export async function install(place: Place): Promise<void> {
  const commands = installCommands(readFileSync(README, "utf8"));
  expectThat(commands.length > 3, `the README has ${commands.length} commands`);
  for (const command of commands) await place.shell(command, { timeoutSeconds: 360 });
}

/** Throws with what a check found where it is not all green. */
export async function expectGreen(place: Place, words = "", program = "bunkerd"): Promise<void> {
  const text = await place.shell(`${program} check ${words}`, { timeoutSeconds: 360 });
  const bad = text.match(/^[×‼].*(?:\n {4}.*)*/gm) ?? [];
  expectThat(bad.length === 0, bad.join("\n"));
  expectThat(text.includes("Status check results are √"), text);
}

/** Deploys the sample application, as it is without a mesh. */
export async function deployShop(place: Place): Promise<void> {
  await place.shell(`kubectl apply -f ${SHOP} && ${ROLLED}`);
}

/** For a suite that is run alone: what those before it leave, put there where it is not. */
export async function ensureMeshedShop(place: Place): Promise<void> {
  const is = async (line: string): Promise<boolean> =>
    (await place.shell(`${line} --ignore-not-found`)) !== "";
  if (!(await is("kubectl -n linkerd get deploy linkerd-destination -o name")))
    await install(place);
  if (!(await is("kubectl -n shop get deploy web -o name"))) await deployShop(place);
  await place.shell(`${INJECT} && ${ROLLED}`);
}

/** Takes control plane and node agent away. */
export async function uninstall(place: Place, program = "bunkerd"): Promise<void> {
  await place.shell(`${program} uninstall | kubectl delete -f - --timeout=120s`);
  await place.shell(`${program} install-cni | kubectl delete -f - --timeout=120s`);
}

const ENDING_SECONDS = 60;

/**
 * Waits until every controller is as its Deployment says, and those before it are gone: an injector that is ending
 * still answers on the connections that the API server has to it.
 */
export async function controlPlaneRolled(place: Place): Promise<void> {
  for (const name of ["identity", "destination", "proxy-injector"])
    await place.shell(`kubectl -n linkerd rollout status deploy/linkerd-${name} --timeout=120s`);
  const line =
    "kubectl -n linkerd get pods -o jsonpath='{.items[?(@.metadata.deletionTimestamp)].metadata.name}'";
  await eventually("the controllers before are gone", ENDING_SECONDS, async () => {
    const ending = await place.shell(line);
    expectThat(ending === "", `still there: ${ending}`);
  });
}

/** Waits until every agent is as the DaemonSet says. */
export async function agentsRolled(place: Place): Promise<void> {
  await place.shell("kubectl -n linkerd-cni rollout status ds/linkerd-cni --timeout=120s");
}

/** The pods of the sample application that have not ended, also those that are going. */
export async function webPods(place: Place): Promise<WebPod[]> {
  const line = "kubectl -n shop get pods -l app=web --field-selector=status.phase=Running -o json";
  return (JSON.parse(await place.shell(line)) as { items: WebPod[] }).items;
}

/** What of a pod is looked at. */
export interface WebPod {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly spec: {
    readonly initContainers?: readonly Container[];
    readonly containers: readonly Container[];
  };
}
interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly securityContext?: { readonly capabilities?: { readonly add?: readonly string[] } };
}

/** Waits until no pod of the sample application has a proxy. */
export async function shopIsBare(place: Place): Promise<void> {
  await eventually("the last meshed pods are gone", 60, async () => {
    const pods = await webPods(place);
    const meshed = pods.filter(({ spec }) => (spec.initContainers ?? []).length > 0);
    expectThat(
      pods.length === 2 && meshed.length === 0,
      `of ${pods.length} ${meshed.length} are meshed`,
    );
  });
}
