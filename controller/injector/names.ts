/** What the injector's objects are called, as Linkerd's. */

/** Its Deployment, Service and account. */
export const INJECTOR = "linkerd-proxy-injector";
/** The Secret that it serves with. */
export const INJECTOR_TLS: string = `${INJECTOR}-k8s-tls`;
/** The webhook configuration by which the API server verifies it. */
export const INJECTOR_WEBHOOK: string = `${INJECTOR}-webhook-config`;
/** The Lease of the replica that renews its certificate. */
export const INJECTOR_LEASE: string = `${INJECTOR}-certificates`;
