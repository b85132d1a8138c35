/** From each kept version to the next one, under load. */

import manifest from "../../../package.json" with { type: "json" };
import { underLoad } from "../load.ts";
import {
  agentsRolled,
  controlPlaneRolled,
  deployShop,
  expectGreen,
  INJECT,
  ROLLED,
  uninstall,
} from "../mesh.ts";
import type { Below, Place } from "../place.ts";
import { type Case, expectThat, type Suite } from "../suite.ts";
import { keptVersions, readManifests } from "../versions/kept.ts";

/** The version that is upgraded to: this tree under another number. */
const NEXT = `${manifest.version}-next`;
const SECONDS = 50;

async function installKept(place: Place, below: Below, version: string): Promise<void> {
  await below.provide(version);
  for (const input of await readManifests(version))
    await place.shell("kubectl apply -f -", { input });
  await agentsRolled(place);
  await controlPlaneRolled(place);
  await deployShop(place);
  await place.shell(`${INJECT} && ${ROLLED}`);
}

async function upgrade(place: Place, below: Below): Promise<void> {
  const bunkerd = await below.provide(NEXT);
  await underLoad(place, { name: "upgrade", seconds: SECONDS }, async () => {
    await place.shell(`${bunkerd} upgrade --crds | kubectl apply -f -`);
    await place.shell(`${bunkerd} install-cni | kubectl apply -f -`);
    await agentsRolled(place);
    await place.shell(`${bunkerd} upgrade | kubectl apply -f -`);
    await controlPlaneRolled(place);
    await place.shell(`kubectl -n shop rollout restart deploy/web && ${ROLLED}`);
  });
}

async function allIsNew(place: Place, below: Below): Promise<void> {
  const bunkerd = await below.provide(NEXT);
  await expectGreen(place, "", bunkerd);
  await expectGreen(place, "--proxy", bunkerd);
  const versions = await place.shell(`${bunkerd} version --proxy`);
  expectThat(
    versions.includes(`Server version: ${NEXT}`) && !versions.includes(`${manifest.version} (`),
    versions,
  );
  const pruned = await place.shell(`${bunkerd} prune`);
  expectThat(pruned.trim() === "", `prune would delete: ${pruned}`);
}

async function remove(place: Place, below: Below): Promise<void> {
  const bunkerd = await below.provide(NEXT);
  await place.shell("kubectl delete namespace shop --timeout=120s");
  await uninstall(place, bunkerd);
}

const casesFrom = (version: string): Case[] => [
  {
    name: `${version} is installed by the manifests that were kept`,
    runBelow: (place, below) => installKept(place, below, version),
  },
  { name: `an upgrade from ${version} loses nothing`, runBelow: upgrade },
  {
    name: `after ${version} all is of the new version, and nothing is left over`,
    runBelow: allIsNew,
  },
  { name: `what ${version} and its upgrade made is taken away`, runBelow: remove },
];

/** The suite; it wants a cluster without a mesh, and leaves it so. */
export const UPGRADE: Suite = { name: "upgrade", cases: keptVersions().flatMap(casesFrom) };
