/** Keeps the EndpointSlices of workloads outside of the cluster for as long as it leads. */

import type { KubeClient } from "#lib/k8s/client.ts";
import type { Informer } from "#lib/k8s/informer.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import type { Leadership } from "#lib/k8s/lease-elector.ts";
import { ENDPOINT_SLICES } from "#lib/k8s/resource.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";
import { type Name, serviceOf, slash, split } from "../index/addresses.ts";
import type { KeptPolicy, KeptService, KeptSlice } from "../index/kept-objects.ts";
import { isOurs, planSlices, takes } from "./plan.ts";

/** How long a Service waits whose slices could not be written. */
export const RETRY_MS = 5_000;

/** What is watched. */
export type ExternalInformers = {
  readonly services: Informer<KeptService>;
  readonly slices: Informer<KeptSlice>;
  readonly externalWorkloads: Informer<KeptPolicy>;
};

/** With what it writes. */
export type WriterOptions = {
  readonly client: Pick<KubeClient, "create" | "replace" | "delete">;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Looks at each Service of which something has changed. */
export class ExternalSlices {
  readonly #from: ExternalInformers;
  readonly #options: WriterOptions;
  readonly #leadership: Leadership;
  readonly #due = new Set<string>();
  readonly #stops: (() => void)[];
  #works = false;

  constructor(from: ExternalInformers, options: WriterOptions, leadership: Leadership) {
    this.#from = from;
    this.#options = options;
    this.#leadership = leadership;
    this.#stops = [
      from.services.subscribe(({ object }) => this.#look(slash(object))),
      from.externalWorkloads.subscribe(({ object, previous }) =>
        this.#onWorkload([object, ...(previous === undefined ? [] : [previous])]),
      ),
      from.slices.subscribe(({ object }) => {
        if (isOurs(object)) this.#look(serviceOf(object) ?? "");
      }),
    ];
  }

  /** Looks at all that there is; nothing outlives the leadership, a successor sees it all in the objects. */
  start(): void {
    this.#onWorkload(this.#from.externalWorkloads.list());
    for (const slice of this.#from.slices.list().filter(isOurs)) this.#look(serviceOf(slice) ?? "");
  }

  /** Listens no more. */
  stop(): void {
    for (const stop of this.#stops) stop();
    this.#due.clear();
  }

  #onWorkload(workloads: readonly KeptPolicy[]): void {
    for (const service of this.#from.services.list()) {
      const { namespace } = service.metadata ?? {};
      const taken = workloads.some(
        (each) => each.metadata?.namespace === namespace && takes(service, each),
      );
      if (taken) this.#look(slash(service));
    }
  }

  #look(service: string): void {
    if (!this.#leadership.holds) {
      this.stop();
      return;
    }
    this.#due.add(service);
    if (this.#works) return;
    this.#works = true;
    // `work` never rejects.
    void this.#work();
  }

  /** One Service after the other. */
  async #work(): Promise<void> {
    for (;;) {
      const [service] = this.#due;
      if (service === undefined || !this.#leadership.holds) break;
      this.#due.delete(service);
      try {
        await this.#write(split(service));
      } catch (error) {
        this.#failed(service, error);
      }
    }
    this.#works = false;
  }

  /** Somebody else's change is seen by itself; anything else is tried again. */
  #failed(service: string, error: unknown): void {
    const { clock, log } = this.#options;
    const raced = error instanceof KubeError && ["conflict", "already-exists"].includes(error.code);
    if (!raced)
      log.warn("Cannot write EndpointSlices of external workloads", {
        service,
        error: String(error),
      });
    clock.after(RETRY_MS, () => this.#look(service));
  }

  async #write(name: Name): Promise<void> {
    const { client, log } = this.#options;
    const { services, slices, externalWorkloads } = this.#from;
    const service = slash({ metadata: name });
    const plan = planSlices(services.get(name), {
      workloads: externalWorkloads
        .list()
        .filter(({ metadata }) => metadata?.namespace === name.namespace),
      slices: slices.list().filter((slice) => serviceOf(slice) === service),
    });
    const writes = [
      ...plan.create.map((slice) => () => client.create(ENDPOINT_SLICES, slice)),
      ...plan.replace.map((slice) => () => client.replace(ENDPOINT_SLICES, slice)),
      ...plan.remove.map((slice) => () => this.#remove(slice)),
    ];
    for (const write of writes) {
      if (!this.#leadership.holds) return;
      await write();
    }
    if (writes.length > 0)
      log.debug("EndpointSlices of external workloads are written", { service });
  }

  /** As it was seen: a successor may have written it anew while this is under way. */
  async #remove({ metadata }: KeptSlice): Promise<void> {
    const { name = "", namespace, uid, resourceVersion } = metadata ?? {};
    await this.#options.client.delete(
      ENDPOINT_SLICES,
      { name, namespace },
      { preconditions: { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) } },
    );
  }
}
