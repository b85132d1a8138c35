/** `grpc-timeout`: how long a caller waits, in 1 to 8 digits and a unit. */

/** The header's name. */
export const GRPC_TIMEOUT = "grpc-timeout";

/** What timers of the runtime can count to, 24 days: a longer timeout counts as this. */
export const MAX_TIMEOUT_MS: number = 2 ** 31 - 1;

/** Milliseconds of each unit. */
const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
const MAX_DIGITS_VALUE = 99_999_999;

/** Reads it as milliseconds, at most MAX_TIMEOUT_MS; undefined where it is none. */
export function parseGrpcTimeout(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  return digits === undefined
    ? undefined
    : Math.min(Number(digits) * (UNITS[unit] ?? 1), MAX_TIMEOUT_MS);
}

/** Writes milliseconds; in seconds where the digits do not reach. */
export function formatGrpcTimeout(timeoutMs: number): string {
  const whole = Math.max(1, Math.ceil(timeoutMs));
  return whole <= MAX_DIGITS_VALUE ? `${whole}m` : `${Math.ceil(whole / 1000)}S`;
}
