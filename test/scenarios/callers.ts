/** Who is let through to the pods of a Server. */

import { authorization, type Manifest, toServer } from "./objects.ts";
import type { Place } from "./place.ts";
import { same } from "./scenario.ts";
import { CALLERS, type Caller, NAMESPACE } from "./workloads.ts";
import type { World } from "./world.ts";

/** The statuses that callers get; those that are not named get 403. */
export type Statuses = Partial<Record<Caller, number>>;

/** The identity of an account. */
export const identity = (name: string, namespace: string = NAMESPACE): string =>
  `${name}.${namespace}.serviceaccount.identity.linkerd.cluster.local`;

/** Waits until all callers are answered so, and looks once more. */
export async function letThrough(world: World, { url }: Place, wanted: Statuses): Promise<void> {
  const callers = Object.keys(CALLERS) as Caller[];
  const expected = callers.map((caller) => `${caller} ${wanted[caller] ?? 403}`);
  const look = async (): Promise<string[]> =>
    await Promise.all(
      callers.map(async (caller) => `${caller} ${(await world.ask(caller, url)).status}`),
    );
  let last: string[] = [];
  await world
    .eventually("all callers", async () => {
      last = await look();
      return Bun.deepEquals(last, expected);
    })
    .catch(() => same("what callers get", last, expected));
  same("what callers get again", await look(), expected);
}

/** An authorization of its Server by these. */
export const required = (
  { name }: Place,
  ...refs: Parameters<typeof authorization>[2][number][]
): Manifest => authorization(name, toServer(name), refs);

/** Everybody, and all who are meshed. */
export const ALL: Statuses = { client: 200, other: 200, outsider: 200, stranger: 200 };
export const MESHED: Statuses = { client: 200, other: 200, stranger: 200 };
