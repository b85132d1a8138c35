/** Who writes the EndpointSlices of workloads outside of the cluster: one replica, and only where there are any. */

import type { LeaseElector } from "#lib/k8s/lease-elector.ts";
import { isOurs } from "../external/plan.ts";
import { type ExternalInformers, ExternalSlices } from "../external/writer.ts";
import type { Surroundings } from "../runtime/role.ts";
import { electBy } from "./election.ts";

/** The Lease of whoever writes them. */
const LEASE = "linkerd-destination-endpoint-write";

/** A candidate from the first workload or slice on that it sees. */
export class ExternalWriter {
  readonly #from: ExternalInformers;
  readonly #around: Surroundings;
  readonly #namespace: string;
  readonly #stops: readonly (() => void)[];
  #elector: LeaseElector | undefined;
  #slices: ExternalSlices | undefined;

  constructor(from: ExternalInformers, around: Surroundings, namespace: string) {
    this.#from = from;
    this.#around = around;
    this.#namespace = namespace;
    this.#stops = [
      from.externalWorkloads.subscribe(() => this.#look()),
      from.slices.subscribe(({ object }) => {
        if (isOurs(object)) this.#look();
      }),
    ];
    this.#look();
  }

  /** Whether it takes part in the election. */
  get stands(): boolean {
    return this.#elector !== undefined;
  }

  /** Writes no more, and gives the Lease back. */
  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#slices?.stop();
    await this.#elector?.stop();
  }

  #look(): void {
    const { externalWorkloads, slices } = this.#from;
    if (this.#elector !== undefined) return;
    if (externalWorkloads.list().length === 0 && !slices.list().some(isOurs)) return;
    const { client, clock, log } = this.#around;
    const lease = { name: LEASE, namespace: this.#namespace };
    this.#elector = electBy(lease, this.#around, (leadership) => {
      this.#slices?.stop();
      this.#slices = new ExternalSlices(this.#from, { client, clock, log }, leadership);
      this.#slices.start();
    });
    this.#elector.start();
  }
}
