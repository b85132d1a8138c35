/** The local rate limit of a server (P41): token buckets by GCRA, pure. */

import type { ServerLabels } from "./server-policy.ts";

/** Limits in requests a second, 0 where there is none; a burst is as many as a second's. */
export interface RateLimit {
  readonly labels: ServerLabels;
  /** Of all requests. */
  readonly total: number;
  /** Of each client's identity; clients without one share theirs. */
  readonly identity: number;
  /** In place of `identity`; the clients of one override share its limit. */
  readonly overrides: readonly { readonly limit: number; readonly clients: readonly string[] }[];
}

/** Identities that are counted apart; those beyond share the limit of clients without one until others have gone. */
export const COUNTED_CLIENTS_LIMIT = 10_000;

const SECOND_MS = 1000;
/** What sums of intervals that are no round numbers may be off by. */
const ROUNDING_MS = 1e-3;

/** One limit, as the time at which its bucket is full again. */
export class Bucket {
  readonly #intervalMs: number;
  readonly #burstMs: number;
  #fullMs = Number.NEGATIVE_INFINITY;
  /** Connections that count by it. */
  users = 0;

  /** `perSecond` is above 0. */
  constructor(perSecond: number) {
    this.#intervalMs = SECOND_MS / perSecond;
    this.#burstMs = SECOND_MS - this.#intervalMs + ROUNDING_MS;
  }

  /** Takes one request in; false where that is one too many. */
  take(nowMs: number): boolean {
    const fullMs = Math.max(this.#fullMs, nowMs);
    if (fullMs - nowMs > this.#burstMs) return false;
    this.#fullMs = fullMs + this.#intervalMs;
    return true;
  }

  /** Whether it is as good as new. */
  isFull(nowMs: number): boolean {
    return this.#fullMs <= nowMs;
  }
}

/** What a connection's requests are counted by; undefined where nothing limits them. */
export interface ClientLimits {
  readonly total: Bucket | undefined;
  readonly own: Bucket | undefined;
}

/** The buckets of one server. */
export class RateLimiter {
  readonly limit: RateLimit;
  readonly #total: Bucket | undefined;
  readonly #overrides = new Map<string, Bucket | undefined>();
  readonly #clients = new Map<string, Bucket>();
  readonly #anonymous: Bucket | undefined;

  constructor(limit: RateLimit) {
    this.limit = limit;
    this.#total = bucketOf(limit.total);
    this.#anonymous = bucketOf(limit.identity);
    for (const { limit: perSecond, clients } of limit.overrides) {
      const shared = bucketOf(perSecond);
      for (const client of clients) this.#overrides.set(client, shared);
    }
  }

  /** What a new connection of this client (undefined: without identity) is counted by; let go of with `release`. */
  acquire(client: string | undefined, nowMs: number): ClientLimits {
    const own = this.#ownOf(client, nowMs);
    if (own !== undefined) own.users++;
    return { total: this.#total, own };
  }

  /** The connection is gone. */
  release({ own }: ClientLimits): void {
    if (own !== undefined) own.users--;
  }

  #ownOf(client: string | undefined, nowMs: number): Bucket | undefined {
    if (client === undefined) return this.#anonymous;
    if (this.#overrides.has(client)) return this.#overrides.get(client);
    if (this.#anonymous === undefined) return undefined;
    const known = this.#clients.get(client);
    if (known !== undefined) return known;
    if (this.#clients.size >= COUNTED_CLIENTS_LIMIT) this.#sweep(nowMs);
    if (this.#clients.size >= COUNTED_CLIENTS_LIMIT) return this.#anonymous;
    const made = new Bucket(this.limit.identity);
    this.#clients.set(client, made);
    return made;
  }

  /** Forgets clients that are gone and would begin anew with a full bucket. */
  #sweep(nowMs: number): void {
    for (const [client, bucket] of this.#clients)
      if (bucket.users === 0 && bucket.isFull(nowMs)) this.#clients.delete(client);
  }
}

/** Takes a request in; what refuses it where it is one too many: first all requests count, then the client's. */
export function takeRequest(
  { total, own }: ClientLimits,
  nowMs: number,
): "total" | "identity" | undefined {
  if (total !== undefined && !total.take(nowMs)) return "total";
  return own !== undefined && !own.take(nowMs) ? "identity" : undefined;
}

const bucketOf = (perSecond: number): Bucket | undefined =>
  perSecond === 0 ? undefined : new Bucket(perSecond);
