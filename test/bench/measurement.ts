/** What all measurements share: rounds, and how they are judged. */

/** How long and how often something is measured. */
export interface Rounds {
  readonly rounds: number;
  readonly seconds: number;
}

/** The middle value; the higher of two. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** What a ratio to a peer must not exceed, and what it should not; the other way round where more is better. */
interface Bound {
  readonly gate: number;
  readonly target: number;
  readonly peer: string;
  readonly moreIsBetter?: boolean;
}

/** Says what came of the ratios of all rounds; false where the gate does not hold. */
export function judge(
  name: string,
  ratios: readonly number[],
  { gate, target, peer, moreIsBetter }: Bound,
  say: (line: string) => void,
): boolean {
  const ratio = median(ratios);
  const passed = moreIsBetter === true ? ratio >= gate : ratio <= gate;
  const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  say(
    `${name}: ${ratio.toFixed(2)}× ${peer} (${spread}; gate ${gate}, target ${target}), ${passed ? "passed" : "FAILED"}`,
  );
  return passed;
}

/** How many requests wrk or h2load say they made. Throws where they say of an error, or of none. */
export function requestsOf(text: string): number {
  const bad = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(text)?.[0];
  const requests = Number(/(\d+) (?:requests in|succeeded)/.exec(text)?.[1] ?? 0);
  if (bad !== undefined || requests === 0) throw new Error(`Cannot measure: ${bad ?? text}`);
  return requests;
}

/** How many bytes wrk says it read. */
export function bytesOf(text: string): number {
  const [, count, unit = ""] = /([\d.]+)([KMG]B) read/.exec(text) ?? [];
  return Number(count) * 1024 ** (["KB", "MB", "GB"].indexOf(unit) + 1);
}

/** What a figure must not exceed, and what it should not; `unit` is printed. */
interface Goal {
  readonly goal: number;
  readonly target?: number;
  readonly unit: string;
}

/** Says a figure with its goal; false where it is missed. */
export function judgeGoal(
  name: string,
  value: number,
  { goal, target, unit }: Goal,
  say: (line: string) => void,
): boolean {
  const passed = value <= goal;
  const bounds = `goal ${goal}${target === undefined ? "" : `, target ${target}`}`;
  say(`${name}: ${value.toFixed(1)} ${unit} (${bounds}), ${passed ? "passed" : "FAILED"}`);
  return passed;
}
