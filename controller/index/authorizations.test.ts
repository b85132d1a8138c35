import { expect, test } from "bun:test";
import {
  toAuthorizationPolicy,
  toMeshTlsAuthentication,
  toNetworkAuthentication,
  toServerAuthorization,
} from "./authorizations.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import type { Reading } from "./servers.ts";

const domain = { controlPlaneNamespace: "linkerd", trustDomain: "cluster.local" };
const IDENTITY = "serviceaccount.identity.linkerd.cluster.local";

function reading<Value>(to: (object: KeptPolicy, reading: Reading) => Value) {
  return (spec: unknown) => {
    const faults: string[] = [];
    const metadata = { name: "a", namespace: "shop" };
    return { value: to({ metadata, spec }, { faults, domain }), faults };
  };
}
const saz = reading(toServerAuthorization);
const policy = reading(toAuthorizationPolicy);
const mesh = reading(toMeshTlsAuthentication);
const net = reading(toNetworkAuthentication);

test("INB6: toServerAuthorization() reads clients; without networks it says nothing of them", () => {
  const meshTLS = {
    identities: ["*", "*.shop.example", "x.y", "spiffe://cluster.local/z"],
    serviceAccounts: [{ name: "b" }, { name: "c", namespace: "other" }],
  };
  const { value, faults } = saz({ server: { name: "web" }, client: { meshTLS } });
  expect(faults).toEqual([]);
  expect(value.clients).toEqual({
    networks: undefined,
    authentication: {
      type: "identities",
      names: ["x.y", "spiffe://cluster.local/z", `b.shop.${IDENTITY}`, `c.other.${IDENTITY}`],
      suffixes: [[], ["shop", "example"]],
    },
  });
  const networks = [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }];
  expect(saz({ server: {}, client: { networks, unauthenticated: true } }).value.clients).toEqual({
    networks,
    authentication: { type: "unauthenticated" },
  });
  expect(
    saz({ server: {}, client: { meshTLS: { unauthenticatedTLS: true } } }).value.clients,
  ).toMatchObject({ authentication: { type: "tls" } });
  expect(saz({ server: {}, client: { networks } }).value.clients).toBeUndefined();
});

test.each([
  ["a network", { networks: [{ cidr: "10.0.0.0/33" }], unauthenticated: true }],
  ["a hole", { networks: [{ cidr: "10.0.0.0/8", except: ["x"] }], unauthenticated: true }],
  [
    "a hole's field",
    { networks: [{ cidr: "10.0.0.0/8", exceptPorts: [1] }], unauthenticated: true },
  ],
  ["a restriction", { unauthenticated: true, methods: ["GET"] }],
  ["an identity", { meshTLS: { identities: ["web*"] } }],
  ["an account", { meshTLS: { serviceAccounts: [{ namespace: "x" }] } }],
  ["a flag", { unauthenticated: "true" }],
])("G18: toServerAuthorization() allows nobody where it does not know %s", (_, client) => {
  const { value, faults } = saz({ server: { name: "web" }, client });
  expect(value.clients).toBeUndefined();
  expect(faults).not.toEqual([]);
});

test("G18: an empty list of networks, given as such, is no network", () => {
  expect(
    saz({ server: {}, client: { networks: [], unauthenticated: true } }).value.clients,
  ).toEqual({
    networks: [],
    authentication: { type: "unauthenticated" },
  });
});

const targetRef = { group: "policy.linkerd.io", kind: "Server", name: "web" };
const required = (...requiredAuthenticationRefs: unknown[]) =>
  policy({ targetRef, requiredAuthenticationRefs });

test("INB6: toAuthorizationPolicy() reads what it is about and what it demands", () => {
  const group = "policy.linkerd.io";
  const { value, faults } = required(
    { group, kind: "MeshTLSAuthentication", name: "m" },
    { group, kind: "NetworkAuthentication", name: "n", namespace: "other" },
    { kind: "ServiceAccount", name: "b" },
  );
  expect(faults).toEqual([]);
  expect(value).toMatchObject({
    target: { type: "server", name: "web" },
    required: [
      { type: "mesh-tls", namespace: "shop", name: "m" },
      { type: "network", namespace: "other", name: "n" },
      { type: "identities", identities: { names: [`b.shop.${IDENTITY}`], suffixes: [] } },
    ],
  });
});

test("G18: an AuthorizationPolicy authorizes everybody by an empty list alone, not by a missing one", () => {
  expect(required().value.required).toEqual([]);
  expect(policy({ targetRef }).value.required).toBeUndefined();
  expect(policy({ targetRef, requiredAuthenticationRefs: null }).value.required).toBeUndefined();
});

test.each([
  ["a reference", { targetRef, requiredAuthenticationRefs: [{ kind: "User", name: "a" }] }],
  [
    "a namespace as client",
    { targetRef, requiredAuthenticationRefs: [{ kind: "Namespace", name: "a" }] },
  ],
  ["a restriction", { targetRef, requiredAuthenticationRefs: [], rules: [] }],
  ["a target", { targetRef: { kind: "Gateway", name: "a" }, requiredAuthenticationRefs: [] }],
  [
    "another's namespace",
    { targetRef: { kind: "Namespace", name: "x" }, requiredAuthenticationRefs: [] },
  ],
  ["anything", 7],
])("toAuthorizationPolicy() allows nobody where it does not know %s", (_, spec) => {
  const { value, faults } = policy(spec);
  expect(value.required).toBeUndefined();
  expect(faults).not.toEqual([]);
});

test("INB6, G19: toMeshTlsAuthentication() reads names, and references to accounts and namespaces", () => {
  const identityRefs = [
    { kind: "ServiceAccount", name: "a.b" },
    { kind: "Namespace", name: "other" },
  ];
  expect(mesh({ identities: ["x"], identityRefs })).toEqual({
    value: {
      names: ["x", `a.b.shop.${IDENTITY}`],
      suffixes: [["other", ...IDENTITY.split(".")]],
    },
    faults: [],
  });
});

test("toMeshTlsAuthentication() leaves out an entry that it does not know, and allows nobody where it does not know a field", () => {
  const odd = mesh({ identities: ["x", "*y"], identityRefs: [{ kind: "Group", name: "g" }] });
  expect(odd.value).toEqual({ names: ["x"], suffixes: [] });
  expect(odd.faults).toHaveLength(2);
  const more = mesh({ identityRefs: [{ kind: "Namespace", name: "n", labels: {} }] });
  expect(more.value).toEqual({ names: [], suffixes: [] });
  for (const spec of [{ identities: ["*"], unless: [] }, undefined, []])
    expect(mesh(spec).value).toEqual({ names: [], suffixes: [] });
});

test("INB6: toNetworkAuthentication() reads networks of both families, and leaves out what it does not know", () => {
  const networks = [{ cidr: "10.1.2.3" }, { cidr: "fd00::/8", except: ["fd00:1::/32"] }];
  expect(net({ networks }).value).toEqual([
    { cidr: "10.1.2.3", except: [] },
    { cidr: "fd00::/8", except: ["fd00:1::/32"] },
  ]);
  const odd = [{ cidr: "10.0.0.0/8", except: ["10.x"] }, { cidr: 7 }, {}, null, ...networks];
  expect(net({ networks: odd }).value).toHaveLength(2);
  expect(net({ networks, ports: [] }).value).toEqual([]);
});
