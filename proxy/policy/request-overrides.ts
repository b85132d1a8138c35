/** What a request says of its own time and retries, where policy lets it (P19, HDR8, HDR9); pure. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { StatusRange } from "./retry-rule.ts";

/** What was said of retries; undefined: policy holds. */
export interface RetryOverrides {
  readonly statuses: readonly StatusRange[] | undefined;
  readonly codes: readonly number[] | undefined;
  readonly limit: number | undefined;
  readonly timeoutMs: number | undefined;
}

/** What was said, times in milliseconds; undefined: policy holds. */
export interface Overrides {
  readonly requestMs: number | undefined;
  readonly responseMs: number | undefined;
  readonly retry: RetryOverrides | undefined;
}

/** The headers; the later one of two that say the same wins. */
const TIMEOUT = "l5d-timeout";
const REQUEST_TIMEOUT = "l5d-request-timeout";
const RESPONSE_TIMEOUT = "l5d-response-timeout";
const RETRY_HTTP = "l5d-retry-http";
const RETRY_GRPC = "l5d-retry-grpc";
const RETRY_LIMIT = "l5d-retry-limit";
const RETRY_TIMEOUT = "l5d-retry-timeout";

/** Who asks for more retries gets so many, as many as policy may say. */
const LIMIT_MAX = 65_535;

/** Takes these headers away and reads them; what cannot be read is as if it had not been there. */
export function takeOverrides(headers: HeaderList): Overrides | undefined {
  if (!hasControls(headers.names)) return undefined;
  const timeout = parseDuration(take(headers, TIMEOUT));
  return {
    requestMs: parseDuration(take(headers, REQUEST_TIMEOUT)) ?? timeout,
    responseMs: parseDuration(take(headers, RESPONSE_TIMEOUT)),
    retry: takeRetry(headers),
  };
}

function takeRetry(headers: HeaderList): RetryOverrides | undefined {
  const statuses = take(headers, RETRY_HTTP);
  const codes = take(headers, RETRY_GRPC);
  const limit = take(headers, RETRY_LIMIT);
  const said = {
    statuses: statuses?.split(",").flatMap(toStatuses),
    codes: codes?.split(",").flatMap((name) => CODES[name.toLowerCase()] ?? []),
    limit:
      limit !== undefined && /^\d+$/.test(limit) ? Math.min(Number(limit), LIMIT_MAX) : undefined,
    timeoutMs: parseDuration(take(headers, RETRY_TIMEOUT)),
  };
  return Object.values(said).some((value) => value !== undefined) ? said : undefined;
}

/** A status, two with a dash between them, or a class of them; what is none is passed over. */
function toStatuses(text: string): StatusRange[] {
  const named = CLASSES[text.toLowerCase()];
  if (named !== undefined) return [named];
  const [, from = "", to = from] = /^(\d{3})(?:-(\d{3}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return first >= 100 && last < 600 && first <= last ? [{ first, last }] : [];
}

const CLASSES: Readonly<Record<string, StatusRange>> = {
  "5xx": { first: 500, last: 599 },
  "gateway-error": { first: 502, last: 504 },
};

/** Codes of gRPC by the names that these headers have for them. */
const CODES: Readonly<Record<string, number>> = {
  cancelled: 1,
  "deadline-exceeded": 4,
  "resource-exhausted": 8,
  internal: 13,
  unavailable: 14,
};

/** Most requests have none of the family. */
function hasControls(names: readonly string[]): boolean {
  for (const name of names) if (name.charCodeAt(0) === 0x6c && name.startsWith("l5d-")) return true;
  return false;
}

function take(headers: HeaderList, name: string): string | undefined {
  const value = headers.get(name);
  if (value !== undefined) headers.delete(name);
  return value;
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a whole number with its unit; only 0 may go without one. Undefined where it is none. */
export function parseDuration(text: string | undefined): number | undefined {
  const [, digits = "", unit = ""] = /^\s*(\d+)(ms|s|m|h|d|)\s*$/.exec(text ?? "") ?? [];
  const count = Number(digits);
  if (digits === "" || (unit === "" && count !== 0)) return undefined;
  const ms = count * (UNITS[unit] ?? 0);
  return Number.isSafeInteger(ms) ? ms : undefined;
}
