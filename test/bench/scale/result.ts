/** What the process in the control plane's network tells the bench. */

type Millis = { readonly p50: number; readonly p99: number; readonly max: number };

/** Changes of endpoints, until the last watcher had each. */
export interface Fan {
  readonly changes: number;
  /** From when the patch was sent to the API. */
  readonly fromSent: Millis;
  /** From when the API had answered; 0 where the watchers were sooner. */
  readonly fromAnswered: Millis;
  /** CPU time of the controller for each change, in milliseconds. */
  readonly cpuMs: number;
}

type Memory = { readonly rss: number; readonly most: number };

/** All figures of one run. */
export interface ScaleResult {
  readonly filledSeconds: number;
  /** From the controller's start until every watcher had its first whole set. */
  readonly syncedSeconds: number;
  readonly startCpuSeconds: number;
  /** Each change seen by one watcher. */
  readonly one: Fan;
  /** Each change seen by all. */
  readonly all: Fan;
  readonly memoryMib: { readonly afterStart: Memory; readonly atEnd: Memory };
}
