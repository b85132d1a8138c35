/** What clients were answered, for the comparison with what proxies and backends have counted. */

import { familyOf, type IpFamily } from "#lib/addr/ip.ts";
import type { Caller } from "./workloads.ts";

/** Answers that came from a backend, by whether the client is meshed. */
export class Asked {
  meshed = 0;
  unmeshed = 0;
  /** Families by which the scenario has asked so far. */
  readonly families: Set<IpFamily> = new Set();
  #turn = 0;

  /** A scenario begins. */
  begin(): void {
    this.families.clear();
    this.#turn = 0;
  }

  /** Of addresses of two families now one, now the other: so that of callers in turn each has both in two rounds. */
  oneOf(addresses: readonly string[]): string {
    const address = addresses[bitsOf(this.#turn) % addresses.length] ?? "";
    if (addresses.length > 1) this.#turn += 1;
    this.families.add(familyOf(address));
    return address;
  }

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

/** How many bits of a number are set. */
const bitsOf = (value: number): number => value.toString(2).replaceAll("0", "").length;
