/** What clients were answered, for the comparison with what proxies and backends have counted. */

import type { Caller } from "./workloads.ts";

/** Answers that came from a backend, by whether the client is meshed. */
export class Asked {
  meshed = 0;
  unmeshed = 0;

  /** An answer; of one that a proxy made up there is no backend. */
  answer(from: Caller, backend: string | undefined): void {
    if (backend !== undefined && backend !== "") this.backends(from, 1);
  }

  /** So many of them, all of which backends gave. */
  backends(from: Caller, count: number): void {
    if (from === "outsider") this.unmeshed += count;
    else this.meshed += count;
  }
}
