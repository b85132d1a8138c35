/** A latency estimate that jumps up with every peak and decays slowly, as Linkerd's (and Finagle's) PeakEwma. */

/** The round-trip estimate of one endpoint. Times are monotonic milliseconds passed in. */
export class PeakEwma {
  readonly #decayMs: number;
  #rttMs: number;
  #stampMs: number;

  constructor(how: {
    readonly defaultRttMs: number;
    readonly decayMs: number;
    readonly nowMs: number;
  }) {
    this.#decayMs = how.decayMs;
    this.#rttMs = how.defaultRttMs;
    this.#stampMs = how.nowMs;
  }

  /** Takes in one measured round trip: a peak replaces the estimate, less is blended in by age. */
  record(rttMs: number, nowMs: number): void {
    if (rttMs >= this.#rttMs) {
      this.#rttMs = rttMs;
    } else {
      const weight = Math.exp(-(nowMs - this.#stampMs) / this.#decayMs);
      this.#rttMs = this.#rttMs * weight + rttMs * (1 - weight);
    }
    this.#stampMs = nowMs;
  }

  /** Takes in what counts as so slow, or as slow as it is taken for now where that is more. */
  penalize(rttMs: number, nowMs: number): void {
    this.#rttMs = Math.max(rttMs, this.load(0, nowMs));
    this.#stampMs = nowMs;
  }

  /** The load: the decayed estimate times what is under way and one more. */
  load(pending: number, nowMs: number): number {
    const elapsed = nowMs - this.#stampMs;
    const rtt = elapsed > 0 ? this.#rttMs * Math.exp(-elapsed / this.#decayMs) : this.#rttMs;
    return rtt * (pending + 1);
  }
}
