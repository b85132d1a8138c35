/** Everything is taken away again, and the cluster is as it was. */

import { deployShop, ensureMeshedShop, ROLLED, shopIsBare, UNINJECT, uninstall } from "../mesh.ts";
import type { Below, Place } from "../place.ts";
import { eventually } from "../shell.ts";
import { difference, OBJECTS, takeSnapshot } from "../snapshot.ts";
import { expectThat, type Suite } from "../suite.ts";

async function uninject(place: Place): Promise<void> {
  await place.shell(`${UNINJECT} && ${ROLLED}`);
  await shopIsBare(place);
}

async function nothingIsLeft(place: Place): Promise<void> {
  const names = await place.shell(OBJECTS);
  const left = names.split("\n").filter((name) => /linkerd|bunkerd/.test(name));
  expectThat(left.length === 0, `left: ${left.join(", ")}`);
}

async function allIsAsBefore(place: Place, below: Below): Promise<void> {
  await place.shell("kubectl delete namespace shop --timeout=120s");
  await eventually("the cluster is as it was", 60, async () => {
    const changes = difference(below.atStart, await takeSnapshot(place, below));
    expectThat(changes.length === 0, changes.join("\n"));
  });
}

/** The suite. */
export const REMOVAL: Suite = {
  name: "removal",
  cases: [
    { name: "the mesh is there with an application in it", run: ensureMeshedShop },
    { name: "uninject takes the application out", run: uninject },
    { name: "uninstall takes the mesh away", run: uninstall },
    { name: "nothing of it is left in the API", run: nothingIsLeft },
    { name: "an application is deployed as if it had never been there", run: deployShop },
    { name: "no object, rule, pin, file or taint is left", runBelow: allIsAsBefore },
  ],
};
