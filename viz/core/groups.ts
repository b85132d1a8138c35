/** Series that belong together. */

import type { Growth } from "./growth.ts";

/**
 * Groups series by a key, in the order of the keys; groups of which nothing grew are left out. Of others all stay: of a
 * histogram the buckets that did not grow say where those begin that did.
 */
export function groupBy<Key>(
  series: readonly Growth[],
  keyOf: (series: Growth) => Key,
): readonly { readonly key: Key; readonly series: readonly Growth[] }[] {
  const groups = new Map<string, { readonly key: Key; readonly series: Growth[] }>();
  for (const each of series) {
    const key = keyOf(each);
    const text = JSON.stringify(key);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { key, series: [each] });
    else group.series.push(each);
  }
  return [...groups]
    .filter(([, { series: all }]) => all.some(({ growth }) => growth !== 0))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => group);
}
