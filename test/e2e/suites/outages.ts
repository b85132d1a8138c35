/** What goes away and comes back: a meshed caller and one from outside lose nothing meanwhile. */

import { underLoad } from "../load.ts";
import { agentsRolled, controlPlaneRolled, ensureMeshedShop, expectGreen } from "../mesh.ts";
import type { Below, Place } from "../place.ts";
import { eventually } from "../shell.ts";
import { expectThat, type Suite } from "../suite.ts";

async function restartControlPlane(place: Place): Promise<void> {
  await underLoad(place, { name: "control-plane", seconds: 30 }, async () => {
    await place.shell("kubectl -n linkerd rollout restart deploy");
    await controlPlaneRolled(place);
  });
}

async function killControlPlane(place: Place): Promise<void> {
  await underLoad(place, { name: "killed", seconds: 30 }, async () => {
    await place.shell("kubectl -n linkerd delete pods --all --grace-period=0 --force --wait=false");
    await place.shell(
      "kubectl -n linkerd wait deploy --all --for=condition=Available --timeout=120s",
    );
  });
}

/** What a pod that is made now would have, as the API server would keep it. */
const WOULD_BE =
  "kubectl -n shop run probe --image=test.local/app:1 --annotations=linkerd.io/inject=enabled --dry-run=server -o jsonpath='{.spec.initContainers[*].name}'";
const INJECTORS =
  "kubectl -n linkerd get pods -l linkerd.io/control-plane-component=proxy-injector";

/** The webhook's failures are ignored unless `--ha` is set: whatever is made then would be outside of the mesh. */
async function replaceInjector(place: Place): Promise<void> {
  const old = (await place.shell(`${INJECTORS} -o name`)).trim().split("\n");
  await place.shell("kubectl -n linkerd rollout restart deploy/linkerd-proxy-injector");
  const seen: string[] = [];
  await eventually("the old injector is gone", 120, async () => {
    seen.push(await place.shell(WOULD_BE));
    const now = await place.shell(`${INJECTORS} -o name`);
    expectThat(!old.some((name) => now.includes(name)), "it is there");
  });
  const bare = seen.filter((proxy) => proxy !== "linkerd-proxy");
  expectThat(
    seen.length > 5 && bare.length === 0,
    `of ${seen.length} pods ${bare.length} would have no proxy`,
  );
}

async function restartAgents(place: Place): Promise<void> {
  await underLoad(place, { name: "agents", seconds: 30 }, async () => {
    await place.shell("kubectl -n linkerd-cni rollout restart ds/linkerd-cni");
    await agentsRolled(place);
  });
}

async function restartKubelet(place: Place, below: Below): Promise<void> {
  await underLoad(place, { name: "kubelet", seconds: 30 }, async () => {
    for (const node of ["n1", "n2"]) {
      await below.outage("stop", `${node}-kubelet`);
      await below.outage("start", `${node}-kubelet`);
    }
  });
  await place.shell("kubectl wait node --all --for=condition=Ready --timeout=60s");
}

/** Seconds that the API server is away, and that callers go on after it is back. */
const AWAY_SECONDS = 60;
const AFTER_SECONDS = 20;

async function loseApiServer(place: Place, below: Below): Promise<void> {
  const seconds = AWAY_SECONDS + AFTER_SECONDS;
  await underLoad(place, { name: "api", seconds }, async () => {
    await below.outage("stop", "apiserver");
    // Not a wait for something: it is how long the outage lasts.
    await Bun.sleep(AWAY_SECONDS * 1000);
    await below.outage("start", "apiserver");
    await eventually("the API server is back", 60, () => place.shell("kubectl get --raw /readyz"));
  });
}

async function allIsWell(place: Place): Promise<void> {
  await eventually("check is green", 120, () => expectGreen(place, "--proxy"));
  const pods = await place.shell("kubectl get pods -A -o json");
  const { items } = JSON.parse(pods) as { items: Restarted[] };
  const restarted = items.flatMap(({ metadata, status }) =>
    (status.initContainerStatuses ?? [])
      .filter(({ restartCount }) => restartCount > 0)
      .map(({ name }) => `${metadata.namespace}/${metadata.name} ${name}`),
  );
  expectThat(restarted.length === 0, `proxies were restarted: ${restarted.join(", ")}`);
}

interface Restarted {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly status: {
    readonly initContainerStatuses?: readonly { name: string; restartCount: number }[];
  };
}

/** The suite. */
export const OUTAGES: Suite = {
  name: "outages",
  cases: [
    { name: "the mesh is there with an application in it", run: ensureMeshedShop },
    { name: "F12: a rolling restart of the control plane loses nothing", run: restartControlPlane },
    { name: "F11: a control plane that is killed loses nothing", run: killControlPlane },
    { name: "an injector that is replaced leaves no pod without a proxy", run: replaceInjector },
    { name: "a restart of the node agents loses nothing", run: restartAgents },
    { name: "a restart of the kubelets loses nothing", runBelow: restartKubelet },
    { name: "F1: an API server that is away for 60 s loses nothing", runBelow: loseApiServer },
    { name: "all is well again, and no proxy was restarted", run: allIsWell },
  ],
};
