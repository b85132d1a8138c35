/** Series that belong together. */

import type { Growth } from "./growth.ts";

/** Groups series by a key, in the order of the keys; those that did not grow are left out. */
export function groupBy<Key>(
  series: readonly Growth[],
  keyOf: (series: Growth) => Key,
): readonly { readonly key: Key; readonly series: readonly Growth[] }[] {
  const groups = new Map<string, { readonly key: Key; readonly series: Growth[] }>();
  for (const each of series) {
    if (each.growth === 0) continue;
    const key = keyOf(each);
    const text = JSON.stringify(key);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { key, series: [each] });
    else group.series.push(each);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
