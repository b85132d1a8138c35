/** How many retries all requests of one Service may have together: a share of the requests, and some a second. */

/** The shape of a budget; milliseconds. */
export interface RetryBudgetOptions {
  /** Retries for each request: 0.2 are one for five. */
  readonly ratio: number;
  /** Retries a second that there are without requests; what was not used is saved up, for `ttlMs` at most. */
  readonly minPerSecond: number;
  /** For so long a request counts. */
  readonly ttlMs: number;
}

/** Linkerd's budget of ServiceProfiles, which holds for all retries here. */
export const DEFAULT_RETRY_BUDGET: RetryBudgetOptions = {
  ratio: 0.2,
  minPerSecond: 10,
  ttlMs: 10_000,
};

/** Time is counted in so many slices. */
const SLICES = 10;

/** Sums of fractions are this little off. */
const EPSILON = 1e-9;

/** What is left of both parts. */
export class RetryBudget {
  readonly #options: RetryBudgetOptions;
  readonly #sliceMs: number;
  readonly #startMs: number;
  /** Requests of the last while, by slices of it. */
  readonly #requests: number[] = new Array<number>(SLICES).fill(0);
  /** Which slice since the start is the present one. */
  #slice = 0;
  /** Retries that requests have earned and nobody has taken. */
  #share = 0;
  /** Retries that time has earned; it begins with those of a second. */
  #reserve: number;
  #reserveMs: number;

  constructor(options: RetryBudgetOptions, nowMs: number) {
    this.#options = options;
    this.#sliceMs = options.ttlMs / SLICES;
    this.#startMs = nowMs;
    this.#reserve = options.minPerSecond;
    this.#reserveMs = nowMs;
  }

  /** A request came. */
  deposit(nowMs: number): void {
    this.#roll(nowMs);
    const at = this.#slice % SLICES;
    this.#requests[at] = (this.#requests[at] ?? 0) + 1;
    this.#share += this.#options.ratio;
  }

  /** Takes one retry; false where there is none left. */
  withdraw(nowMs: number): boolean {
    this.#roll(nowMs);
    const { minPerSecond, ttlMs } = this.#options;
    const earned = (minPerSecond * (nowMs - this.#reserveMs)) / 1000;
    this.#reserveMs = nowMs;
    this.#reserve = Math.min(this.#reserve + earned, (minPerSecond * ttlMs) / 1000);
    if (this.#share + this.#reserve < 1 - EPSILON) return false;
    const shared = Math.min(this.#share, 1);
    this.#share -= shared;
    this.#reserve = Math.max(0, this.#reserve - (1 - shared));
    return true;
  }

  /** What requests earned is lost with them. */
  #roll(nowMs: number): void {
    const slice = Math.floor((nowMs - this.#startMs) / this.#sliceMs);
    if (slice <= this.#slice) return;
    for (let passed = Math.max(this.#slice + 1, slice - SLICES + 1); passed <= slice; passed++)
      this.#requests[passed % SLICES] = 0;
    this.#slice = slice;
    let requests = 0;
    for (const count of this.#requests) requests += count;
    this.#share = Math.min(this.#share, requests * this.#options.ratio);
  }
}
