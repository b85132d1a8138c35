/** What the authority does, told in Events: of certificates on the account that has one, of the issuer on the service's own Deployment. */

import type { KubeClient } from "#lib/k8s/client.ts";
import {
  deploymentSubject,
  type EventFacts,
  type EventSubject,
  type EventWriter,
} from "#lib/k8s/events.ts";

/** The service's own name. */
export const IDENTITY = "linkerd-identity";

/** Tells of the issuer: `IssuerUpdated`, `IssuerUpdateSkipped`, `IssuerValidationFailed` (IDY1, IDY6). */
export type TellOfIssuer = (facts: EventFacts) => void;

/** Creates both ways of telling. */
export function createTelling(options: {
  readonly events: EventWriter;
  readonly client: KubeClient;
  readonly namespace: string;
}): { readonly ofIssuer: TellOfIssuer; readonly ofLeaf: (identity: string) => void } {
  const { events, client, namespace } = options;
  const own = { apiVersion: "apps/v1", kind: "Deployment", name: IDENTITY, namespace };
  const refine = (): Promise<EventSubject | undefined> =>
    deploymentSubject(client, { name: IDENTITY, namespace });
  return {
    ofIssuer: (facts) => events.write(own, facts, refine),
    ofLeaf: (identity) => {
      const subject = accountOf(identity);
      // The same text each time, so that renewals are counted.
      const message = `A certificate was issued for ${identity}`;
      if (subject !== undefined)
        events.write(subject, { type: "Normal", reason: "IssuedLeafCertificate", message });
    },
  };
}

/** The account in `<account>.<namespace>.serviceaccount.identity.…`. */
function accountOf(identity: string): EventSubject | undefined {
  const [, name, namespace] = /^([^.]+)\.([^.]+)\.serviceaccount\.identity\./.exec(identity) ?? [];
  if (name === undefined || namespace === undefined) return undefined;
  return { apiVersion: "v1", kind: "ServiceAccount", name, namespace };
}
