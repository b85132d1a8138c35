/** An object of each kind that is validated: one that is let in, one that is not, and what is said of that. */

import { GATEWAY, POLICY } from "./policy-review.ts";

const SERVICE = { group: "core", kind: "Service", name: "web", port: 80 };
/** A route with one rule, of a Service. */
export const routeOf = (rule: object): object => ({ parentRefs: [SERVICE], rules: [rule] });
const rate = (requestsPerSecond: number) => ({ requestsPerSecond });
const SERVER = { group: POLICY, kind: "Server", name: "web" };

/** A kind with its version and plural, a spec that is let in, one that is not, and what is said of that. */
export type ValidatedRow = readonly [
  kind: string,
  where: readonly [group: string, version: string, plural: string],
  good: object,
  bad: object,
  said: string,
];
/** One row for each. */
export const VALIDATED: readonly ValidatedRow[] = [
  [
    "Server",
    [POLICY, "v1beta3", "servers"],
    { podSelector: {}, port: 80 },
    { port: 80 },
    "spec: exactly one of podSelector and externalWorkloadSelector must be set",
  ],
  [
    "ServerAuthorization",
    [POLICY, "v1beta1", "serverauthorizations"],
    { server: { name: "web" }, client: { unauthenticated: true } },
    { server: { name: "web" }, client: { networks: [{ cidr: "10.0.0.0/33" }] } },
    'spec.client.networks[0].cidr: "10.0.0.0/33" is no network',
  ],
  [
    "AuthorizationPolicy",
    [POLICY, "v1alpha1", "authorizationpolicies"],
    { targetRef: SERVER, requiredAuthenticationRefs: [] },
    { targetRef: { ...SERVER, kind: "Pod", group: "" }, requiredAuthenticationRefs: [] },
    "spec.targetRef: a Pod cannot be authorized for",
  ],
  [
    "MeshTLSAuthentication",
    [POLICY, "v1alpha1", "meshtlsauthentications"],
    { identities: ["*.shop.serviceaccount.identity.linkerd.cluster.local"] },
    { identityRefs: [{ kind: "Pod", name: "web" }] },
    "spec.identityRefs[0]: a Pod has no identity",
  ],
  [
    "NetworkAuthentication",
    [POLICY, "v1alpha1", "networkauthentications"],
    { networks: [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }] },
    { networks: [{ cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] }] },
    "spec.networks[0].except: 11.0.0.0/16 is not inside of 10.0.0.0/8",
  ],
  [
    "EgressNetwork",
    [POLICY, "v1alpha1", "egressnetworks"],
    { trafficPolicy: "Deny", networks: [{ cidr: "0.0.0.0/0" }] },
    { trafficPolicy: "Deny", networks: [{ cidr: "everywhere" }] },
    'spec.networks[0].cidr: "everywhere" is no network',
  ],
  [
    "HTTPLocalRateLimitPolicy",
    [POLICY, "v1alpha1", "httplocalratelimitpolicies"],
    { targetRef: SERVER, total: rate(100), identity: rate(10) },
    { targetRef: SERVER, total: rate(1), identity: rate(10) },
    "spec.identity.requestsPerSecond: 10 is above the total of 1",
  ],
  [
    "HTTPRoute",
    [POLICY, "v1beta3", "httproutes"],
    routeOf({ timeouts: { request: "10s", backendRequest: "1s" } }),
    routeOf({ timeouts: { request: "1s", backendRequest: "10s" } }),
    "spec.rules[0].timeouts.backendRequest: it is longer than request",
  ],
  [
    "HTTPRoute",
    [GATEWAY, "v1", "httproutes"],
    routeOf({ backendRefs: [{ name: "web", port: 80 }] }),
    routeOf({ matches: [{ path: { type: "RegularExpression", value: "/(" } }] }),
    "spec.rules[0].matches[0].path",
  ],
  [
    "GRPCRoute",
    [GATEWAY, "v1", "grpcroutes"],
    routeOf({ matches: [{ method: { service: "shop.Cart", method: "Get" } }] }),
    routeOf({ matches: [{ method: { type: "RegularExpression", service: "(", method: "Get" } }] }),
    "spec.rules[0].matches[0].method",
  ],
  [
    "TLSRoute",
    [GATEWAY, "v1alpha2", "tlsroutes"],
    { hostnames: ["web.shop"], ...routeOf({ backendRefs: [{ name: "web", port: 443 }] }) },
    {
      hostnames: ["web.shop"],
      parentRefs: [SERVICE],
      rules: [1, 2].map((port) => ({ backendRefs: [{ name: "web", port }] })),
    },
    "spec.rules: a TLSRoute has exactly one rule, and this one has 2",
  ],
  [
    "TCPRoute",
    [GATEWAY, "v1alpha2", "tcproutes"],
    routeOf({ backendRefs: [{ name: "web", port: 5432 }] }),
    {
      parentRefs: [SERVICE],
      rules: [1, 2].map((port) => ({ backendRefs: [{ name: "web", port }] })),
    },
    "spec.rules: a TCPRoute has exactly one rule, and this one has 2",
  ],
  [
    "ServiceProfile",
    ["linkerd.io", "v1alpha2", "serviceprofiles"],
    { routes: [{ name: "all", condition: { pathRegex: "/.*" } }] },
    { routes: [{ name: "all", condition: { pathRegex: "/(" } }] },
    "spec.routes[0].condition.pathRegex",
  ],
];
