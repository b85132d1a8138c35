/** Asks for a certificate before the old one ends. */

import type { Backoff } from "#lib/time/backoff.ts";
import type { Clock } from "#lib/time/clock.ts";

/** What the identity service gave: the leaf with its intermediates, checked already. */
export interface Certified {
  readonly chainPem: string;
  /** Calendar milliseconds. */
  readonly expiresMs: number;
}

/** Asks once. Rejects where the service refuses, is away, or its answer does not verify. */
export type Certify = () => Promise<Certified>;

/** A certificate is renewed after this share of its lifetime, as linkerd2-proxy does. */
export const RENEWAL_SHARE = 0.7;

/** How long to wait before the next request, within the bounds. */
export function renewalDelayMs(
  lifetimeMs: number,
  { minRefreshMs, maxRefreshMs }: { readonly minRefreshMs: number; readonly maxRefreshMs: number },
): number {
  return Math.min(maxRefreshMs, Math.max(minRefreshMs, lifetimeMs * RENEWAL_SHARE));
}

/** Keeps a certificate current until stopped: asks at once, again at 70 % of each lifetime, and with back-off after an error. */
export class Renewal {
  readonly #how: RenewalOptions;
  #timer: { cancel(): void } | undefined;
  #asking = false;
  #stopped = false;

  constructor(how: RenewalOptions) {
    this.#how = how;
    this.#ask();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Asks after this time and not later: the certificate is not good any more. One that is on its way is waited for. */
  renewAfter(ms: number): void {
    if (this.#asking || this.#stopped) return;
    this.#timer?.cancel();
    this.#again(ms);
  }

  #ask(): void {
    this.#asking = true;
    this.#how.certify().then(
      (certified) => this.#arrived(certified),
      (error: unknown) => this.#failed(error),
    );
  }

  #arrived(certified: Certified): void {
    this.#asking = false;
    if (this.#stopped) return;
    try {
      this.#how.onCertified(certified);
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#how.backoff.reset();
    this.#again(renewalDelayMs(certified.expiresMs - this.#how.clock.wall(), this.#how));
  }

  #failed(error: unknown): void {
    this.#asking = false;
    if (this.#stopped) return;
    this.#how.onError(error);
    this.#again(this.#how.backoff.next());
  }

  #again(ms: number): void {
    this.#timer = this.#how.clock.after(ms, () => this.#ask());
  }
}

/** What a renewal needs. */
export interface RenewalOptions {
  readonly certify: Certify;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly minRefreshMs: number;
  readonly maxRefreshMs: number;
  /** Throws where it cannot be used, which is an error like any other. */
  readonly onCertified: (certified: Certified) => void;
  readonly onError: (error: unknown) => void;
}
