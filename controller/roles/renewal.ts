/** The certificates of a role's webhooks: whoever holds the Lease renews those that all replicas serve with. */

import type { LeaseElector } from "#lib/k8s/lease-elector.ts";
import { renewalLease, type Webhook } from "#lib/k8s/webhooks.ts";
import { CertificateKeeper } from "../certificates/keeper.ts";
import type { Surroundings } from "../runtime/role.ts";
import { electBy } from "./election.ts";

/** Takes part in the election once it is started; a keeper for each webhook runs while it leads. */
export function electKeeper(
  of: {
    /** Whose replicas are the candidates. */
    readonly deployment: string;
    readonly namespace: string;
    readonly webhooks: readonly Webhook[];
  },
  around: Surroundings,
): LeaseElector {
  const { deployment, namespace, webhooks } = of;
  const { client, clock, log } = around;
  return electBy({ name: renewalLease(deployment), namespace }, around, (leadership) => {
    for (const webhook of webhooks)
      new CertificateKeeper({ client, clock, log, webhook, namespace }, leadership).start();
  });
}
