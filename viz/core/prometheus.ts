/** What Prometheus is asked in place of proxies, and what it answers; pure. */

import type { Sample } from "#lib/metrics/parse.ts";
import type { ScrapePair } from "./growth.ts";

/** What statistics read of proxies: families, and the labels that tell their series apart. */
export type Reads = {
  readonly families: readonly string[];
  readonly labels: readonly string[];
};

/** Series by a label of their workload that has one of some values, in a namespace (LBL8). */
export type Whose = {
  readonly namespace: string;
  readonly label: string;
  readonly values: readonly string[];
};

/** How much the series of a family grew within a time, by their labels; of all proxies of a workload together. */
export function increaseQuery(
  family: string,
  { whose, labels, windowMs }: { whose: Whose; labels: readonly string[]; windowMs: number },
): string {
  const values = whose.values.map((each) =>
    each.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`),
  );
  const matchers = `namespace=${JSON.stringify(whose.namespace)},${whose.label}=~${JSON.stringify(values.join("|"))}`;
  const by = [whose.label, ...labels, ...(family.endsWith("_bucket") ? ["le"] : [])];
  return `sum(increase(${family}{${matchers}}[${Math.round(windowMs)}ms])) by (${by.join(", ")})`;
}

/** Why an answer cannot be used. */
export class PrometheusError extends Error {
  override readonly name = "PrometheusError";
  /** Prometheus said no, or what came is no answer of its. */
  readonly code: "refused" | "malformed";

  constructor(code: PrometheusError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** The samples of an instant vector under a family's name; those that are no number are left out. Throws PrometheusError. */
export function parseVector(text: string, family: string): Sample[] {
  const answer = parseAnswer(text);
  if (answer.status === "error")
    throw new PrometheusError("refused", `Prometheus says ${String(answer.error)}`);
  const { resultType, result } = answer.data ?? {};
  if (answer.status !== "success" || resultType !== "vector" || !Array.isArray(result))
    throw new PrometheusError("malformed", "Cannot read the answer: it is no instant vector");
  return result.flatMap((each: Partial<Series>) => {
    const value = Number(each.value?.[1] ?? Number.NaN);
    return Number.isFinite(value) ? [{ name: family, labels: each.metric ?? {}, value }] : [];
  });
}

type Series = {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
};
type Answer = {
  readonly status?: string;
  readonly error?: unknown;
  readonly data?: { readonly resultType?: string; readonly result?: unknown };
};

function parseAnswer(text: string): Answer {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Said below.
  }
  throw new PrometheusError("malformed", "Cannot read the answer: it is not Prometheus'");
}

/** What grew within a time as if it had been scraped twice: from nothing. */
export function pairOf(increases: readonly Sample[], windowMs: number): ScrapePair {
  return { first: [], second: increases, seconds: windowMs / 1000 };
}
