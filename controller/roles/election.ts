/** Elections among the replicas of a role, each by a Lease in the control plane's namespace. */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { LEASE_TIMING } from "#lib/k8s/lease.ts";
import { type Leadership, LeaseElector } from "#lib/k8s/lease-elector.ts";
import type { Surroundings } from "../runtime/role.ts";

/** Takes part in the election for a Lease once it is started. */
export function electBy(
  name: { readonly name: string; readonly namespace: string },
  { client, clock, random, log }: Pick<Surroundings, "client" | "clock" | "random" | "log">,
  onElected: (leadership: Leadership) => void,
): LeaseElector {
  return new LeaseElector({
    ...{ client, clock, random, log, name, onElected },
    identity: `${hostname()}_${randomUUID()}`,
    timing: LEASE_TIMING,
  });
}
