/** The statuses of policy objects: whoever holds the Lease writes them. */

import { STATUS_LEASE } from "#lib/k8s/lease.ts";
import type { LeaseElector } from "#lib/k8s/lease-elector.ts";
import type { Registry } from "#lib/metrics/registry.ts";
import type { Surroundings } from "../runtime/role.ts";
import { statusMetrics } from "../status/metrics.ts";
import { type StatusInformers, StatusObjects } from "../status/objects.ts";
import type { StatusOptions } from "../status/read.ts";
import { StatusWriter } from "../status/writer.ts";
import { electBy } from "./election.ts";

/** What of the cluster is known, and where it is counted. */
export type StatusesArgs = StatusOptions & {
  readonly namespace: string;
  readonly registry: Registry;
};

/** Takes part in the election from its start on. */
export class Statuses {
  readonly #objects: StatusObjects;
  readonly #elector: LeaseElector;
  #writer: StatusWriter | undefined;

  constructor(from: StatusInformers, args: StatusesArgs, around: Surroundings) {
    const objects = new StatusObjects(from, args);
    const metrics = statusMetrics(args.registry);
    const log = around.log.target("linkerd_policy_controller");
    this.#objects = objects;
    const lease = { name: STATUS_LEASE, namespace: args.namespace };
    this.#elector = electBy(lease, { ...around, log }, (leadership) => {
      this.#writer?.stop();
      this.#writer = new StatusWriter({ ...around, log, objects, metrics }, leadership);
      this.#writer.start();
    });
    this.#elector.start();
  }

  /** Writes no more, and gives the Lease back. */
  async stop(): Promise<void> {
    this.#objects.stop();
    this.#writer?.stop();
    await this.#elector.stop();
  }
}
