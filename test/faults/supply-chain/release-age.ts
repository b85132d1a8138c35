/** Whether dependencies had been released for a week when they were taken. */

import type { Manifest } from "./lockfile.ts";

/** Days of the release, and on which it was asked for, `YYYY-MM-DD`, by `name@version`. */
export type Releases = Readonly<
  Record<string, { readonly released: string; readonly checked: string }>
>;

/** Days that a release must be old: most of those that were hijacked were withdrawn sooner. */
export const RELEASE_AGE_DAYS = 7;

const DAY_MS = 86_400_000;

/** What is wrong, a line each. */
export function releaseProblems(
  { dependencies, devDependencies }: Manifest,
  releases: Releases,
): string[] {
  const direct = Object.entries({ ...dependencies, ...devDependencies });
  return direct.flatMap(([name, version]) => {
    const id = `${name}@${version}`;
    const kept = releases[id];
    if (kept === undefined) return [`${id}: nobody asked when it was released: npm run releases`];
    const days = (Date.parse(kept.checked) - Date.parse(kept.released)) / DAY_MS;
    return days >= RELEASE_AGE_DAYS ? [] : [`${id}: released ${days} days before it was taken`];
  });
}
