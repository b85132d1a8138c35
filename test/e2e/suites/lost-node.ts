/** A node is cut off for good, with half of the application's pods. */

import { startLoad, told } from "../load.ts";
import { ensureMeshedShop } from "../mesh.ts";
import type { Below, Place } from "../place.ts";
import { eventually } from "../shell.ts";
import { expectThat, type Suite } from "../suite.ts";

const RATE = 100;
const SECONDS = 90;
/** Of what is sent in the 3 s after the cut, 1 in 100 may be lost. */
const MAY_BE_LOST = (RATE * 3) / 100;
const LOST = "n2";
const KEPT = "n1";

async function loseNode(place: Place, below: Below): Promise<void> {
  const nodes = await place.shell(
    "kubectl -n shop get pods -l app=web -o jsonpath='{.items[*].spec.nodeName}'",
  );
  expectThat(nodes.includes(LOST) && nodes.includes(KEPT), `the application runs on ${nodes} only`);
  const load = await startLoad(place, {
    ...{ name: "survivor", namespace: "shop", service: "web", path: "/", node: KEPT },
    ...{ rate: RATE, seconds: SECONDS, meshed: true },
  });
  await below.lose(LOST);
  const result = await load.result();
  place.say(told(result));
  expectThat(result.answered >= result.due - MAY_BE_LOST, told(result));
}

async function recovers(place: Place): Promise<void> {
  await place.shell(`kubectl delete node ${LOST} --wait=false`);
  await eventually("everything runs on the node that is left", 180, async () => {
    const text = await place.shell("kubectl get deploy -A -o json");
    const { items } = JSON.parse(text) as { items: Deployment[] };
    const missing = items.filter(({ status, spec }) => status.readyReplicas !== spec.replicas);
    expectThat(
      missing.length === 0,
      `not ready: ${missing.map(({ metadata }) => metadata.name).join(", ")}`,
    );
  });
}

interface Deployment {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas: number };
  readonly status: { readonly readyReplicas?: number };
}

/** The suite; it leaves a cluster of one node. */
export const LOST_NODE: Suite = {
  name: "lost-node",
  cases: [
    { name: "the mesh is there with an application in it", run: ensureMeshedShop },
    {
      name: "E4: a node that is lost costs no more than what was on its way there",
      runBelow: loseNode,
    },
    { name: "mesh and application come back on the node that is left", runBelow: recovers },
  ],
};
