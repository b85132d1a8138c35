/** What a conformance suite is, and how its cases are counted. */

/** Where a suite says what it found: each header block, request, case and vector counts as one. */
export interface Report {
  passed(name: string, count?: number): void;
  failed(name: string, why: string): void;
  /** What cannot run here, and how many cases that is. */
  skipped(name: string, why: string, count?: number): void;
  /** A line for the reader that counts nothing. */
  say(line: string): void;
}

/** What a machine may lack; a suite that needs it is skipped by name there. */
export type Need = "go" | "python" | "root";

/** One body of cases against one part of the proxy. */
export interface Suite {
  /** What `npm run conformance -- NAME` calls it. */
  readonly name: string;
  /** Whether it is also part of `npm test`: short, and where it needs anything that a set-up machine lacks, skipped there. */
  readonly quick: boolean;
  readonly needs: readonly Need[];
  run(report: Report): Promise<void>;
}

/** How many cases a suite had. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Counts a suite's cases, and writes those that failed or were skipped, at most so many lines of each suite. */
export class CountingReport implements Report {
  readonly tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  readonly #suite: string;
  readonly #write: (line: string) => void;
  static readonly MAX_FAILURE_LINES: number = 50;

  constructor(suite: string, write: (line: string) => void) {
    this.#suite = suite;
    this.#write = write;
  }

  passed(_name: string, count = 1): void {
    this.tally.passed += count;
  }

  failed(name: string, why: string): void {
    this.tally.failed += 1;
    if (this.tally.failed <= CountingReport.MAX_FAILURE_LINES)
      this.say(`FAILED ${name}: ${why.split("\n")[0]}`);
  }

  skipped(name: string, why: string, count = 1): void {
    this.tally.skipped += count;
    this.say(`skipped ${name} (${count}): ${why}`);
  }

  say(line: string): void {
    this.#write(`${this.#suite}: ${line}`);
  }
}
