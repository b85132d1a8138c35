/** The kinds of policy.linkerd.io but HTTPRoute. */

import type { Kind } from "./crd.ts";
import {
  CONDITIONS,
  fields,
  INTEGER,
  INTEGER_OR_TEXT,
  list,
  NETWORKS,
  oneOf,
  type Schema,
  SELECTOR,
  TARGET,
  TEXT,
  withDefault,
  YES_OR_NO,
} from "./schema.ts";

const group = "policy.linkerd.io";

const REFERENCE = fields({ group: TEXT, "kind!": TEXT, "name!": TEXT, namespace: TEXT });
const CONDITIONED: Schema = fields({ conditions: CONDITIONS });

const AUTHORIZATION_POLICY: Kind = {
  group,
  kind: "AuthorizationPolicy",
  plural: "authorizationpolicies",
  shortNames: ["authzpolicy"],
  versions: [
    {
      name: "v1alpha1",
      spec: fields({ "targetRef!": TARGET, "requiredAuthenticationRefs!": list(REFERENCE) }),
    },
  ],
};

const MESH_TLS_AUTHENTICATION: Kind = {
  group,
  kind: "MeshTLSAuthentication",
  plural: "meshtlsauthentications",
  shortNames: ["meshtlsauthn"],
  versions: [
    {
      name: "v1alpha1",
      spec: fields({
        identities: list(TEXT),
        identityRefs: list(fields({ group: TEXT, "kind!": TEXT, name: TEXT, namespace: TEXT })),
      }),
    },
  ],
};

const NETWORK_AUTHENTICATION: Kind = {
  group,
  kind: "NetworkAuthentication",
  plural: "networkauthentications",
  shortNames: ["netauthn", "networkauthn"],
  versions: [{ name: "v1alpha1", spec: fields({ "networks!": NETWORKS }) }],
};

const EGRESS_NETWORK: Kind = {
  group,
  kind: "EgressNetwork",
  plural: "egressnetworks",
  status: CONDITIONED,
  versions: [
    {
      name: "v1alpha1",
      spec: fields({ "trafficPolicy!": oneOf("Allow", "Deny"), networks: NETWORKS }),
    },
  ],
};

const RATE = fields({ "requestsPerSecond!": { ...INTEGER, format: "int64" } });

const HTTP_LOCAL_RATE_LIMIT_POLICY: Kind = {
  group,
  kind: "HTTPLocalRateLimitPolicy",
  plural: "httplocalratelimitpolicies",
  status: fields({ conditions: CONDITIONS, targetRef: TARGET }),
  versions: [
    {
      name: "v1alpha1",
      spec: fields({
        "targetRef!": TARGET,
        total: RATE,
        identity: RATE,
        overrides: list(
          fields({
            "requestsPerSecond!": { ...INTEGER, format: "int64" },
            "clientRefs!": list(REFERENCE),
          }),
        ),
      }),
      columns: {
        Target_kind: ".spec.targetRef.kind",
        Target_name: ".spec.targetRef.name",
        Total_RPS: ".spec.total.requestsPerSecond",
        Identity_RPS: ".spec.identity.requestsPerSecond",
      },
    },
  ],
};

const CLIENT = fields({
  networks: NETWORKS,
  unauthenticated: YES_OR_NO,
  meshTLS: fields({
    unauthenticatedTLS: YES_OR_NO,
    identities: list(TEXT),
    serviceAccounts: list(fields({ "name!": TEXT, namespace: TEXT })),
  }),
});
const SERVER_AUTHORIZATION_SPEC = fields({
  "server!": fields({ name: TEXT, selector: SELECTOR }),
  "client!": CLIENT,
});

const SERVER_AUTHORIZATION: Kind = {
  group,
  kind: "ServerAuthorization",
  plural: "serverauthorizations",
  shortNames: ["saz", "serverauthz", "srvauthz"],
  versions: [
    { name: "v1alpha1", deprecated: true, spec: SERVER_AUTHORIZATION_SPEC },
    {
      name: "v1beta1",
      spec: SERVER_AUTHORIZATION_SPEC,
      columns: { Server: ".spec.server.name" },
    },
  ],
};

const PORT_AND_PROTOCOL = {
  "port!": INTEGER_OR_TEXT,
  proxyProtocol: withDefault(TEXT, "unknown"),
};
const SELECTORS = { podSelector: SELECTOR, externalWorkloadSelector: SELECTOR };
const OLD_SERVER = fields({ "podSelector!": SELECTOR, ...PORT_AND_PROTOCOL });
const SERVER_COLUMNS = { Port: ".spec.port", Protocol: ".spec.proxyProtocol" };

const SERVER: Kind = {
  group,
  kind: "Server",
  plural: "servers",
  shortNames: ["srv"],
  versions: [
    { name: "v1alpha1", deprecated: true, spec: OLD_SERVER },
    { name: "v1beta1", deprecated: true, spec: OLD_SERVER, columns: SERVER_COLUMNS },
    {
      name: "v1beta2",
      spec: fields({ ...SELECTORS, ...PORT_AND_PROTOCOL }),
      columns: SERVER_COLUMNS,
    },
    {
      name: "v1beta3",
      spec: fields({
        accessPolicy: withDefault(TEXT, "deny"),
        ...SELECTORS,
        ...PORT_AND_PROTOCOL,
      }),
      columns: { ...SERVER_COLUMNS, "Access Policy": ".spec.accessPolicy" },
    },
  ],
};

/** All of them. */
export const POLICY_KINDS: readonly Kind[] = [
  AUTHORIZATION_POLICY,
  EGRESS_NETWORK,
  HTTP_LOCAL_RATE_LIMIT_POLICY,
  MESH_TLS_AUTHENTICATION,
  NETWORK_AUTHENTICATION,
  SERVER_AUTHORIZATION,
  SERVER,
];
