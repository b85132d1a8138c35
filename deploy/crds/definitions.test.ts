import { expect, test } from "bun:test";
import { renderCrds } from "./render.ts";

type Version = {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean;
  readonly additionalPrinterColumns?: readonly {
    readonly name: string;
    readonly jsonPath: string;
  }[];
  readonly schema: {
    readonly openAPIV3Schema: {
      readonly properties: {
        readonly spec: {
          readonly properties: Record<string, unknown>;
          readonly required?: string[];
        };
      };
    };
  };
};
type Definition = {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: {
      readonly kind: string;
      readonly plural: string;
      readonly shortNames?: readonly string[];
    };
    readonly versions: readonly Version[];
  };
};
const definitions = renderCrds("linkerd") as unknown as Definition[];

/** Required fields of a version's spec have an exclamation mark. */
function fieldsOf({ schema }: Version): string {
  const { properties, required = [] } = schema.openAPIV3Schema.properties.spec;
  return Object.keys(properties)
    .map((name) => (required.includes(name) ? `${name}!` : name))
    .sort()
    .join(" ");
}

const columnsOf = ({ additionalPrinterColumns = [] }: Version): string =>
  additionalPrinterColumns.map(({ name, jsonPath }) => `${name}=${jsonPath}`).join(", ");

const ROUTE_AGE = "Hostnames=.spec.hostnames, Age=.metadata.creationTimestamp";

test.each([
  [
    "AuthorizationPolicy.policy.linkerd.io",
    "authorizationpolicies authzpolicy",
    "v1alpha1",
    "requiredAuthenticationRefs! targetRef!",
    "",
  ],
  ["EgressNetwork.policy.linkerd.io", "egressnetworks", "v1alpha1", "networks trafficPolicy!", ""],
  [
    "HTTPLocalRateLimitPolicy.policy.linkerd.io",
    "httplocalratelimitpolicies",
    "v1alpha1",
    "identity overrides targetRef! total",
    "Target_kind=.spec.targetRef.kind, Target_name=.spec.targetRef.name, Total_RPS=.spec.total.requestsPerSecond, Identity_RPS=.spec.identity.requestsPerSecond",
  ],
  [
    "HTTPRoute.policy.linkerd.io",
    "httproutes",
    "v1alpha1 v1beta1 v1beta2 v1beta3",
    "hostnames parentRefs rules",
    ROUTE_AGE,
  ],
  [
    "MeshTLSAuthentication.policy.linkerd.io",
    "meshtlsauthentications meshtlsauthn",
    "v1alpha1",
    "identities identityRefs",
    "",
  ],
  [
    "NetworkAuthentication.policy.linkerd.io",
    "networkauthentications netauthn networkauthn",
    "v1alpha1",
    "networks!",
    "",
  ],
  [
    "ServerAuthorization.policy.linkerd.io",
    "serverauthorizations saz serverauthz srvauthz",
    "v1alpha1 v1beta1",
    "client! server!",
    "Server=.spec.server.name",
  ],
  [
    "Server.policy.linkerd.io",
    "servers srv",
    "v1alpha1 v1beta1 v1beta2 v1beta3",
    "accessPolicy externalWorkloadSelector podSelector port! proxyProtocol",
    "Port=.spec.port, Protocol=.spec.proxyProtocol, Access Policy=.spec.accessPolicy",
  ],
  [
    "ServiceProfile.linkerd.io",
    "serviceprofiles sp",
    "v1alpha1 v1alpha2",
    "dstOverrides opaquePorts retryBudget routes",
    "",
  ],
  [
    "ExternalWorkload.workload.linkerd.io",
    "externalworkloads",
    "v1alpha1 v1beta1",
    "meshTLS! ports workloadIPs",
    "Identity=.spec.meshTLS.identity, Age=.metadata.creationTimestamp",
  ],
])(
  "%s: names, versions that are served, fields and columns of the one that is stored",
  (row, names, versions, fields, columns) => {
    const found = definitions.find(({ spec }) => `${spec.names.kind}.${spec.group}` === row);
    const { plural, shortNames = [] } = found?.spec.names ?? {};
    expect([plural, ...shortNames].join(" ")).toBe(names);
    expect(found?.spec.scope).toBe("Namespaced");
    const served = found?.spec.versions.filter((each) => each.served) ?? [];
    expect(served.map(({ name }) => name).join(" ")).toBe(versions);
    const stored = served.find(({ storage }) => storage);
    expect(stored && fieldsOf(stored)).toBe(fields);
    expect(stored && columnsOf(stored)).toBe(columns);
  },
);
