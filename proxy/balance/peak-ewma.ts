/** The load of an endpoint by a latency estimate that jumps up with every peak and decays slowly, as Linkerd's (and Finagle's) PeakEwma. */

/** Numbers of one load in a row of its table: an estimate and its time in milliseconds, what is under way, 1 where it is ready. */
export const ROW = 4;
const RTT = 0;
const STAMP = 1;
const PENDING = 2;
const READY = 3;

/**
 * The round-trip estimate of one endpoint, what is under way there, and whether it can be used. Times are monotonic
 * milliseconds passed in. Its numbers lie in a row of its own until a table gives it one beside others.
 */
export class PeakEwma {
  readonly #decayMs: number;
  #cells = new Float64Array(ROW);
  #at = 0;

  constructor(how: {
    readonly defaultRttMs: number;
    readonly decayMs: number;
    readonly nowMs: number;
  }) {
    this.#decayMs = how.decayMs;
    this.#cells[RTT] = how.defaultRttMs;
    this.#cells[STAMP] = how.nowMs;
    this.#cells[READY] = 1;
  }

  /** Requests and connections under way. */
  get pending(): number {
    return this.#cells[this.#at + PENDING] as number;
  }

  set pending(count: number) {
    this.#cells[this.#at + PENDING] = count;
  }

  /** Whether requests may be sent there now. */
  get ready(): boolean {
    return isReady(this.#cells, this.#at);
  }

  set ready(ready: boolean) {
    this.#cells[this.#at + READY] = ready ? 1 : 0;
  }

  /** Goes on in that row, which begins at `at`. */
  moveTo(cells: Float64Array<ArrayBuffer>, at: number): void {
    for (let i = 0; i < ROW; i++) cells[at + i] = this.#cells[this.#at + i] as number;
    this.#cells = cells;
    this.#at = at;
  }

  /** Takes in one measured round trip: a peak replaces the estimate, less is blended in by age. */
  record(rttMs: number, nowMs: number): void {
    const cells = this.#cells;
    const at = this.#at;
    const estimate = cells[at + RTT] as number;
    if (rttMs >= estimate) {
      cells[at + RTT] = rttMs;
    } else {
      const weight = Math.exp(-(nowMs - (cells[at + STAMP] as number)) / this.#decayMs);
      cells[at + RTT] = estimate * weight + rttMs * (1 - weight);
    }
    cells[at + STAMP] = nowMs;
  }

  /** What was measured says nothing of how it is now: it is chosen before others, until the next round trip is known. */
  forget(): void {
    this.#cells[this.#at + RTT] = 0;
  }

  /** Takes in what counts as so slow, or as slow as it is taken for now where that is more. */
  penalize(rttMs: number, nowMs: number): void {
    const cells = this.#cells;
    const at = this.#at;
    const elapsed = nowMs - (cells[at + STAMP] as number);
    cells[at + RTT] = Math.max(rttMs, decayed(cells[at + RTT] as number, elapsed, this.#decayMs));
    cells[at + STAMP] = nowMs;
  }
}

/** The load in a row: the decayed estimate times what is under way and one more. */
export function loadOf(cells: Float64Array, at: number, nowMs: number, decayMs: number): number {
  const elapsed = nowMs - (cells[at + STAMP] as number);
  return (
    decayed(cells[at + RTT] as number, elapsed, decayMs) * ((cells[at + PENDING] as number) + 1)
  );
}

/** Whether the row is one of an endpoint that can be used. */
export const isReady = (cells: Float64Array, at: number): boolean => cells[at + READY] === 1;

const decayed = (rttMs: number, elapsedMs: number, decayMs: number): number =>
  elapsedMs > 0 ? rttMs * Math.exp(-elapsedMs / decayMs) : rttMs;
