import { afterAll, beforeAll, expect, test } from "bun:test";
import type { DaemonSet, Deployment } from "#lib/k8s/types/apps.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { ClusterRole } from "#lib/k8s/types/rbac.ts";
import { type Attributes, isAllowed } from "#lib/kube-api/rbac.ts";
import { applyAll } from "../dev/apply.ts";
import { FakeKubeApi } from "../test/fake/kube-api.ts";
import { createCertificates } from "./certificates.ts";
import { renderCni } from "./cni.ts";
import { renderControlPlane } from "./control-plane.ts";
import { createValues, HA } from "./values.ts";

const certificates = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs: 0,
});
const values = createValues("1.2.3", HA);
const objects = [...renderControlPlane(values, certificates), ...renderCni(values)];
const RBAC = /^(Cluster)?Role(Binding)?$/;
const roles = objects.filter(({ kind }) => /Role$/.test(kind ?? "")) as ClusterRole[];

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
  const needed = objects.filter(({ kind = "" }) => RBAC.test(kind) || kind === "Namespace");
  await applyAll(fake.admin, needed);
});
afterAll(() => fake.stop());

const ACCOUNTS = [
  ["linkerd", "linkerd-identity"],
  ["linkerd", "linkerd-destination"],
  ["linkerd", "linkerd-proxy-injector"],
  ["linkerd-cni", "linkerd-cni"],
] as const;
type OnResource = Attributes & { readonly resource: string };

/** The accounts that may do something. */
function whoMay(wanted: Partial<OnResource> & { readonly verb: string }): string[] {
  const attributes = {
    group: "",
    resource: "",
    subresource: "",
    namespace: "",
    name: "",
    ...wanted,
  };
  return ACCOUNTS.filter(([namespace, account]) => {
    const username = `system:serviceaccount:${namespace}:${account}`;
    const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
    return isAllowed(
      fake.api.store,
      { username, groups: [...groups, "system:authenticated"] },
      attributes,
    );
  }).map(([, account]) => account);
}

test("L11: what is granted is what was agreed on (bun test -u deploy/rights.test.ts writes it anew)", () => {
  const lines = roles.flatMap(({ kind, metadata, rules = [] }) => [
    `${kind} ${[metadata?.namespace, metadata?.name].filter(Boolean).join("/")}`,
    ...rules.map(
      ({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }) => {
        const what = [...resources, ...nonResourceURLs].join(", ");
        const named = resourceNames.length > 0 ? ` named ${resourceNames.join(", ")}` : "";
        return `  ${verbs.join(", ")}: ${what} of ${apiGroups.map((group) => group || "core").join(", ")}${named}`;
      },
    ),
  ]);
  expect(`\n${lines.join("\n")}\n`).toMatchSnapshot();
});

test("the rules are asked: who watches pods, who reviews tokens", () => {
  expect(whoMay({ verb: "watch", resource: "pods", namespace: "shop" })).toEqual([
    "linkerd-destination",
    "linkerd-cni",
  ]);
  const reviews = { group: "authentication.k8s.io", resource: "tokenreviews" };
  expect(whoMay({ verb: "create", ...reviews })).toEqual(["linkerd-identity"]);
});

test("L11: no rule has a wildcard, and each role has one account", () => {
  for (const { metadata, rules = [] } of roles)
    for (const rule of rules)
      expect([metadata?.name, JSON.stringify(rule).includes('"*"')]).toEqual([
        metadata?.name,
        false,
      ]);
  const bound = objects.filter(({ kind }) => /Binding$/.test(kind ?? ""));
  expect(bound.length).toBe(roles.length);
  for (const binding of bound)
    expect((binding as KubeObject & { subjects: object[] }).subjects).toMatchObject([
      { kind: "ServiceAccount" },
    ]);
});

test("L11: nobody lists or watches Secrets, in the cluster or in a namespace, and nobody reads others'", () => {
  for (const namespace of ["", "linkerd", "linkerd-cni", "kube-system", "shop"])
    for (const verb of ["list", "watch"])
      expect([namespace, verb, whoMay({ verb, resource: "secrets", namespace })]).toEqual([
        namespace,
        verb,
        [],
      ]);
  for (const namespace of ["kube-system", "shop"])
    expect(whoMay({ verb: "get", resource: "secrets", namespace, name: "any" })).toEqual([]);
});

test("L11: no account but identity's reads the issuer's Secret, by the API or as a file", () => {
  const issuer = { resource: "secrets", namespace: "linkerd", name: "linkerd-identity-issuer" };
  for (const verb of ["get", "update", "patch", "delete"]) {
    const others = whoMay({ verb, ...issuer }).filter((account) => account !== "linkerd-identity");
    expect([verb, others]).toEqual([verb, []]);
  }
  const mounting = (objects as (Deployment | DaemonSet)[]).filter(({ spec }) =>
    spec?.template?.spec?.volumes?.some(({ secret }) => secret?.secretName === issuer.name),
  );
  expect(mounting.map(({ metadata }) => metadata?.name)).toEqual(["linkerd-identity"]);
});

test.each([
  ["linkerd-proxy-injector", ["linkerd-proxy-injector-k8s-tls"]],
  ["linkerd-destination", ["linkerd-sp-validator-k8s-tls", "linkerd-policy-validator-k8s-tls"]],
])("L11: %s reads no Secret but its own", (account, own) => {
  const secrets = objects
    .filter(({ kind }) => kind === "Secret")
    .map(({ metadata }) => metadata?.name ?? "");
  for (const name of [...secrets, "any"]) {
    const may = whoMay({ verb: "get", resource: "secrets", namespace: "linkerd", name });
    expect([name, may.includes(account)]).toEqual([name, own.includes(name)]);
  }
});

test("L11: nobody may become somebody else, or run something in a pod", () => {
  for (const [verb, group, resource, subresource] of [
    ["impersonate", "", "serviceaccounts", ""],
    ["create", "", "serviceaccounts", "token"],
    ["escalate", "rbac.authorization.k8s.io", "clusterroles", ""],
    ["bind", "rbac.authorization.k8s.io", "clusterroles", ""],
    ["update", "rbac.authorization.k8s.io", "clusterroles", ""],
    ["create", "", "pods", "exec"],
    ["create", "", "pods", ""],
    ["delete", "", "pods", ""],
  ] as const)
    expect([
      verb,
      resource,
      whoMay({ verb, group, resource, subresource, namespace: "linkerd" }),
    ]).toEqual([verb, resource, []]);
});
