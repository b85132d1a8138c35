/** From the README's first command to a green `bunkerd check`, on a cluster of two nodes that has the image. */

import { expectGreen, install } from "../e2e/mesh.ts";
import { ownPlace } from "../e2e/place.ts";
import { judgeGoal } from "./measurement.ts";

const NODES = 2;
const GOAL = { goal: 60, unit: "s" } as const;

/** Measures and prints; false where the goal is missed. It starts a cluster with nodes: no other may run beside it. */
export async function measureInstall(say: (line: string) => void): Promise<boolean> {
  const place = await ownPlace(NODES, say);
  try {
    const start = performance.now();
    await install(place);
    const applied = performance.now();
    await expectGreen(place);
    const seconds = (performance.now() - start) / 1000;
    say(`install: the README's commands took ${((applied - start) / 1000).toFixed(1)} s of it`);
    return judgeGoal("install: to a green check", seconds, GOAL, say);
  } finally {
    await place.stop();
  }
}
