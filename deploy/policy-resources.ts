/** The resources that policy is written in: what the destination controller watches, and its webhooks validate. */

/** Of policy.linkerd.io. */
export const POLICY_RESOURCES: readonly string[] = [
  "authorizationpolicies",
  "egressnetworks",
  "httplocalratelimitpolicies",
  "httproutes",
  "meshtlsauthentications",
  "networkauthentications",
  "serverauthorizations",
  "servers",
];

/** Of gateway.networking.k8s.io. */
export const GATEWAY_ROUTES: readonly string[] = [
  "httproutes",
  "grpcroutes",
  "tlsroutes",
  "tcproutes",
];
