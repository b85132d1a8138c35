/** The certificates of a role's webhooks: whoever holds the Lease renews those that all replicas serve with. */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { LEASE_TIMING } from "#lib/k8s/lease.ts";
import { LeaseElector } from "#lib/k8s/lease-elector.ts";
import { renewalLease, type Webhook } from "#lib/k8s/webhooks.ts";
import { CertificateKeeper } from "../certificates/keeper.ts";
import type { Surroundings } from "../runtime/role.ts";

/** Takes part in the election once it is started; a keeper for each webhook runs while it leads. */
export function electKeeper(
  of: {
    /** Whose replicas are the candidates. */
    readonly deployment: string;
    readonly namespace: string;
    readonly webhooks: readonly Webhook[];
  },
  { client, clock, random, log }: Surroundings,
): LeaseElector {
  const { deployment, namespace, webhooks } = of;
  return new LeaseElector({
    ...{ client, clock, random, log },
    name: { name: renewalLease(deployment), namespace },
    identity: `${hostname()}_${randomUUID()}`,
    timing: LEASE_TIMING,
    onElected: (leadership) => {
      for (const webhook of webhooks)
        new CertificateKeeper({ client, clock, log, webhook, namespace }, leadership).start();
    },
  });
}
