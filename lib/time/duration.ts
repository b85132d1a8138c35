/** Durations as Linkerd's proxy and annotations write them. */

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What protobuf's Duration can say at most: ten thousand years, in milliseconds. A longer one is malformed. */
const LONGEST_MS = 315_576_000_000_000;

const within = (ms: number): number | undefined => (ms <= LONGEST_MS ? ms : undefined);

/** Milliseconds of an integer with `ms`, `s`, `m`, `h` or `d`; `0` needs no unit. Undefined where malformed. */
export function parseDuration(text: string): number | undefined {
  const match = /^\s*(\d+)(ms|s|m|h|d)?\s*$/.exec(text);
  if (match === null) return undefined;
  const count = Number(match[1]);
  if (match[2] === undefined) return count === 0 ? 0 : undefined;
  return within(count * (UNITS[match[2]] ?? 0));
}

/** Milliseconds of a duration as Go writes it: `2s`, `1m30s`, `1.5h`, `500ms`; days too. Undefined for anything else. */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(?:\d{1,15}(?:\.\d{1,9})?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(amount) * (UNITS[unit ?? ""] ?? 0);
  return within(total);
}
