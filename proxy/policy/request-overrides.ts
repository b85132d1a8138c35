/** What a request says of its own time, where policy lets it (P19, HDR9); pure. */

import type { HeaderList } from "#lib/http/headers.ts";

/** What was said, in milliseconds; undefined: policy holds. */
export interface Overrides {
  readonly requestMs: number | undefined;
  readonly responseMs: number | undefined;
}

/** The headers; the later one of two that say the same wins. */
const TIMEOUT = "l5d-timeout";
const REQUEST_TIMEOUT = "l5d-request-timeout";
const RESPONSE_TIMEOUT = "l5d-response-timeout";

/** Takes these headers away and reads them; what cannot be read is as if it had not been there. */
export function takeOverrides(headers: HeaderList): Overrides | undefined {
  if (!hasControls(headers.names)) return undefined;
  const timeout = parseDuration(take(headers, TIMEOUT));
  return {
    requestMs: parseDuration(take(headers, REQUEST_TIMEOUT)) ?? timeout,
    responseMs: parseDuration(take(headers, RESPONSE_TIMEOUT)),
  };
}

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
