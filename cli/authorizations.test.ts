import { expect, test } from "bun:test";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import { pod } from "../test/fake/mesh-objects.ts";
import { authorizationsOf, type NamespacePolicies } from "./authorizations.ts";

const group = "policy.linkerd.io";
const object = (kind: string, name: string, spec: unknown, labels = {}): CustomObject => ({
  ...{ apiVersion: `${group}/v1beta3`, kind, metadata: { name, namespace: "default", labels } },
  spec,
});
const server = (name: string, port: number | string, labels = {}): CustomObject =>
  object("Server", name, { podSelector: { matchLabels: { app: "web" } }, port }, labels);
const web = {
  ...pod("web-1", { app: "web" }),
  spec: { containers: [{ name: "app", ports: [{ name: "http", containerPort: 8080 }] }] },
};

function rows(over: Partial<NamespacePolicies>) {
  const missing: string[] = [];
  const found = authorizationsOf(
    [web],
    {
      servers: [
        server("by-number", 8080),
        server("by-name", "http", { tier: "web" }),
        server("no", 1),
      ],
      ...{ serverAuthorizations: [], authorizationPolicies: [], routes: [] },
      ...over,
    },
    (text) => missing.push(text),
  );
  const lines = found.map(({ route, server: of, authorizationPolicy, serverAuthorization }) =>
    [route, of, authorizationPolicy || "-", serverAuthorization || "-"].join(" "),
  );
  return { lines, missing };
}

test("authorizationsOf() finds ServerAuthorizations by name and by label, of Servers that take a port of the pods", () => {
  const authorization = (name: string, of: object) =>
    object("ServerAuthorization", name, { server: of });
  expect(
    rows({
      serverAuthorizations: [
        authorization("a", { name: "by-number" }),
        authorization("b", { selector: { matchLabels: { tier: "web" } } }),
        authorization("c", { name: "no" }),
        authorization("d", { name: "gone" }),
      ],
    }),
  ).toEqual({
    lines: ["* by-number - a", "* by-name - b"],
    missing: ["ServerAuthorization/d targets Server/gone, which is not there"],
  });
});

test("authorizationsOf() finds AuthorizationPolicies of a namespace, a Server and a route", () => {
  const policy = (name: string, targetRef: object) =>
    object("AuthorizationPolicy", name, { targetRef });
  const parent = { group, kind: "Server", name: "by-name" };
  const routes = [
    object("HTTPRoute", "api", { parentRefs: [parent, { kind: "Service", name: "web" }] }),
  ];
  expect(
    rows({
      routes,
      authorizationPolicies: [
        policy("all", { kind: "Namespace", name: "default" }),
        policy("one", { group, kind: "Server", name: "by-number" }),
        policy("of-route", { group, kind: "HTTPRoute", name: "api" }),
        policy("lost", { group, kind: "Server", name: "gone" }),
        policy("astray", { group, kind: "HTTPRoute", name: "gone" }),
      ],
    }),
  ).toEqual({
    lines: ["* by-number all -", "* by-name all -", "* by-number one -", "api by-name of-route -"],
    missing: [
      "AuthorizationPolicy/lost targets Server/gone, which is not there",
      "AuthorizationPolicy/astray targets HTTPRoute/gone, which is not there",
    ],
  });
});

test("authorizationsOf() tells routes of one name apart by their groups", () => {
  const gateway = "gateway.networking.k8s.io";
  const parentRefs = (name: string) => ({ parentRefs: [{ group, kind: "Server", name }] });
  const routes = [
    object("HTTPRoute", "api", parentRefs("by-name")),
    { ...object("HTTPRoute", "api", parentRefs("by-number")), apiVersion: `${gateway}/v1` },
  ];
  const targetRef = { group: gateway, kind: "HTTPRoute", name: "api" };
  const authorizationPolicies = [object("AuthorizationPolicy", "of-route", { targetRef })];
  expect(rows({ routes, authorizationPolicies }).lines).toEqual(["api by-number of-route -"]);
});
