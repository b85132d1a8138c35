import { expect, test } from "bun:test";
import Ajv from "ajv";
import { renderCrds } from "./render.ts";

type Definition = {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly names: { readonly kind: string; readonly shortNames?: readonly string[] };
    readonly versions: readonly {
      readonly name: string;
      readonly storage: boolean;
      readonly deprecated?: boolean;
      readonly subresources?: unknown;
      readonly schema: { readonly openAPIV3Schema: object };
    }[];
  };
};
const definitions = renderCrds("linkerd") as unknown as Definition[];
const find = (name: string): Definition => {
  const found = definitions.find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

function accepts(name: string, version: string, spec: object): boolean {
  const found = find(name).spec.versions.find((each) => each.name === version);
  const ajv = new Ajv({ strict: false, formats: { int64: true, "date-time": true } });
  return ajv.validate(found?.schema.openAPIV3Schema ?? false, { spec });
}

test("renderCrds() gives Linkerd's kinds, the stored version of each last", () => {
  expect(
    definitions.map(({ metadata, spec }) => [
      metadata.name,
      ...spec.versions.map(({ name, deprecated }) => (deprecated ? `(${name})` : name)),
    ]),
  ).toEqual([
    ["authorizationpolicies.policy.linkerd.io", "v1alpha1"],
    ["egressnetworks.policy.linkerd.io", "v1alpha1"],
    ["httplocalratelimitpolicies.policy.linkerd.io", "v1alpha1"],
    ["meshtlsauthentications.policy.linkerd.io", "v1alpha1"],
    ["networkauthentications.policy.linkerd.io", "v1alpha1"],
    ["serverauthorizations.policy.linkerd.io", "(v1alpha1)", "v1beta1"],
    ["servers.policy.linkerd.io", "(v1alpha1)", "(v1beta1)", "v1beta2", "v1beta3"],
    ["httproutes.policy.linkerd.io", "v1alpha1", "v1beta1", "v1beta2", "v1beta3"],
    ["serviceprofiles.linkerd.io", "v1alpha1", "v1alpha2"],
    ["externalworkloads.workload.linkerd.io", "v1alpha1", "v1beta1"],
  ]);
  for (const { spec } of definitions)
    expect(spec.versions.map(({ storage }) => storage).indexOf(true)).toBe(
      spec.versions.length - 1,
    );
});

test("a Server needs a port, by number or name, and gets its defaults", () => {
  const name = "servers.policy.linkerd.io";
  expect(accepts(name, "v1beta3", { podSelector: {}, port: 80 })).toBe(true);
  expect(accepts(name, "v1beta3", { podSelector: {}, port: "http" })).toBe(true);
  expect(accepts(name, "v1beta3", { podSelector: {} })).toBe(false);
  expect(accepts(name, "v1beta1", { port: 80 })).toBe(false);
  expect(JSON.stringify(find(name))).toContain('"accessPolicy":{"type":"string","default":"deny"}');
});

test.each([
  [
    "authorizationpolicies.policy.linkerd.io",
    "v1alpha1",
    { targetRef: { kind: "Server", name: "s" }, requiredAuthenticationRefs: [] },
    { targetRef: { kind: "Server" }, requiredAuthenticationRefs: [] },
  ],
  [
    "networkauthentications.policy.linkerd.io",
    "v1alpha1",
    { networks: [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }] },
    {},
  ],
  [
    "egressnetworks.policy.linkerd.io",
    "v1alpha1",
    { trafficPolicy: "Deny" },
    { trafficPolicy: "Maybe" },
  ],
  [
    "httproutes.policy.linkerd.io",
    "v1beta3",
    {
      rules: [
        {
          matches: [{ path: { value: "/a" }, method: "GET" }],
          backendRefs: [{ name: "b", port: 80, weight: 2 }],
          timeouts: { request: "1s" },
        },
      ],
    },
    { rules: [{ matches: [{ method: "get" }] }] },
  ],
  [
    "serviceprofiles.linkerd.io",
    "v1alpha2",
    {
      routes: [{ name: "r", condition: { pathRegex: "/a" } }],
      retryBudget: { minRetriesPerSecond: 1, retryRatio: 0.2, ttl: "10s" },
    },
    { routes: [{ name: "r" }] },
  ],
  [
    "externalworkloads.workload.linkerd.io",
    "v1beta1",
    { meshTLS: { identity: "spiffe://x", serverName: "x" }, ports: [{ port: 80 }] },
    { ports: [{ port: 80 }] },
  ],
  [
    "httplocalratelimitpolicies.policy.linkerd.io",
    "v1alpha1",
    { targetRef: { kind: "Server", name: "s" }, total: { requestsPerSecond: 10 } },
    { targetRef: { kind: "Server", name: "s" }, total: {} },
  ],
  [
    "httproutes.policy.linkerd.io",
    "v1beta3",
    { rules: [{ backendRefs: [{ name: "b", port: 65_535, weight: 0 }] }] },
    { rules: [{ backendRefs: [{ name: "b", port: 80, weight: -1 }] }] },
  ],
  [
    "httproutes.policy.linkerd.io",
    "v1beta3",
    { parentRefs: [{ name: "s", port: 1 }] },
    { parentRefs: [{ name: "s", port: 65_536 }] },
  ],
  [
    "serverauthorizations.policy.linkerd.io",
    "v1beta1",
    { server: { name: "s" }, client: { unauthenticated: true } },
    { server: { selector: { matchExpressions: [{ key: "a", operator: "Is" }] } }, client: {} },
  ],
])("G15: %s %s takes %j and refuses %j", (name, version, good, bad) => {
  expect([accepts(name, version, good), accepts(name, version, bad)]).toEqual([true, false]);
});

test("kinds with a status have it as a subresource", () => {
  const withStatus = definitions.filter(({ spec }) => spec.versions[0]?.subresources !== undefined);
  expect(withStatus.map(({ spec }) => spec.names.kind).toSorted()).toEqual([
    "EgressNetwork",
    "ExternalWorkload",
    "HTTPLocalRateLimitPolicy",
    "HTTPRoute",
  ]);
});
