/** Keeps the node's Service rules as the API has the Services. */

import type { Informer } from "#lib/k8s/informer.ts";
import type { Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import { renderServices, type ServiceNetwork, serviceRoutes } from "./services.ts";

/** What the rules follow, and how they are put in force. */
export type ServiceRulesOptions = {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  /** The cluster's. */
  readonly networks: readonly ServiceNetwork[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Throws where the script is refused. */
  apply(script: string): void;
};

/** Changes within this time, in milliseconds, are put in force together. */
const GATHER_MS = 20;
/** Milliseconds until a refused script is tried again. */
const RETRY_MS = 1_000;

/** Follows until stopped. */
export function followServices(options: ServiceRulesOptions): { stop(): void } {
  const { services, slices, networks, clock, logger } = options;
  let last = "";
  let timer: Timer | undefined;
  const schedule = (ms: number): void => {
    timer ??= clock.after(ms, () => {
      timer = undefined;
      const script = renderServices(serviceRoutes(services.list(), slices.list()), networks);
      if (script === last) return;
      try {
        options.apply(script);
        last = script;
      } catch (error) {
        logger.warn("cannot apply Service rules", { error: String(error) });
        schedule(RETRY_MS);
      }
    });
  };
  const stops = [
    services.subscribe(() => schedule(GATHER_MS)),
    slices.subscribe(() => schedule(GATHER_MS)),
  ];
  schedule(GATHER_MS);
  return {
    stop: () => {
      timer?.cancel();
      for (const stop of stops) stop();
    },
  };
}
