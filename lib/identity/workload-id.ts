/** Names of workloads, as certificates carry them (IDY3). */

/** Whose workload it is. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/** Where identities are issued. */
export interface TrustDomain {
  readonly controlPlaneNamespace: string;
  readonly trustDomain: string;
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** `<sa>.<ns>.serviceaccount.identity.<control-plane-ns>.<trust-domain>`. */
export function workloadId({ namespace, name }: ServiceAccount, domain: TrustDomain): string {
  return `${name}.${namespace}.serviceaccount.identity.${domain.controlPlaneNamespace}.${domain.trustDomain}`;
}

/** Reads `system:serviceaccount:<ns>:<sa>`; undefined where a part is no DNS label. */
export function parseServiceAccount(user: string): ServiceAccount | undefined {
  const [system, kind, namespace, name, more] = user.split(":");
  if (system !== "system" || kind !== "serviceaccount" || more !== undefined) return undefined;
  if (namespace === undefined || name === undefined) return undefined;
  return DNS_LABEL.test(namespace) && DNS_LABEL.test(name) ? { namespace, name } : undefined;
}
