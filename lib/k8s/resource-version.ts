/** The order of resource versions, as far as they have one. */

/**
 * Whether a version came before another one, is the same, or came after. Versions are decimal numbers that rise
 * (KEP-5504); those that are not, and where one is missing, count as later.
 */
export function versionOrder(version: string, other: string): "before" | "same" | "after" {
  if (version === other) return version === "" ? "after" : "same";
  if (!(isNumber(version) && isNumber(other))) return "after";
  if (version.length !== other.length) return version.length < other.length ? "before" : "after";
  return version < other ? "before" : "after";
}

const isNumber = (version: string): boolean => /^[1-9]\d*$/.test(version);
