/** What a response costs its endpoint beside the time that it took (P30): those that say "not here, not now" count as slow. */

import type { ResponseHead } from "#lib/http/message.ts";

/** How much it costs; milliseconds. */
export interface PenaltyRule {
  readonly penaltyMs: number;
  /** What endpoints ask for counts up to so much. */
  readonly maxRetryAfterMs: number;
}

/** Codes of gRPC that are taken for a failure of the endpoint: UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, DATA_LOSS. */
const FAILED_CODES: ReadonlySet<number> = new Set([2, 4, 13, 15]);
/** RESOURCE_EXHAUSTED and UNAVAILABLE, after which an endpoint may say when to come again. */
const BUSY_CODES: ReadonlySet<number> = new Set([8, 14]);

const IMF_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC850_DATE = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * Milliseconds that a response's head counts as at least; -1 where it is none to mind. `wallMs` is the time of day, for
 * dates. Of a call only its head is looked at: a code in trailers is not seen.
 */
export function penaltyOf(
  { status, headers }: ResponseHead,
  { penaltyMs, maxRetryAfterMs }: PenaltyRule,
  wallMs: number,
): number {
  let askedMs: number | undefined;
  if (status === 429 || status === 503) askedMs = retryAfterMs(headers.get("retry-after"), wallMs);
  else if (status === 200) {
    const code = headers.get("grpc-status");
    if (code === undefined || headers.get("content-type")?.startsWith("application/grpc") !== true)
      return -1;
    if (BUSY_CODES.has(Number(code))) askedMs = pushbackMs(headers.get("grpc-retry-pushback-ms"));
    else if (!FAILED_CODES.has(Number(code))) return -1;
  } else if (status < 500) return -1;
  return Math.max(penaltyMs, Math.min(askedMs ?? 0, maxRetryAfterMs));
}

/** Seconds, or a date of any of the three forms (RFC 9110 §10.2.3, §5.6.7). */
function retryAfterMs(value: string | undefined, wallMs: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1000;
  if (!(IMF_DATE.test(text) || RFC850_DATE.test(text) || ASCTIME_DATE.test(text))) return undefined;
  const dateMs = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - wallMs);
}

/** A signed whole number of 32 bits; one below 0 says not to come again, which nobody here asks (gRFC A6). */
function pushbackMs(value: string | undefined): number | undefined {
  const text = value?.trim() ?? "";
  const ms = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  return ms >= 0 && ms < 2 ** 31 ? ms : undefined;
}
