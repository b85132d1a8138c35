import { expect, test } from "bun:test";
import { Cidr } from "#lib/addr/cidr.ts";
import { authorize, authorizeBytes, type ClientTls, isAudit } from "./authorization.ts";
import { type DEFAULT_POLICIES, defaultServerPolicy } from "./default-policy.ts";
import type { ServerPolicy } from "./server-policy.ts";

const identity = (name: string): ClientTls => ({ type: "identity", name });
type Listed = Pick<ServerPolicy, "authorizations">;
const NO_TLS: ClientTls = { type: "none", reason: "no_tls_from_remote" };
const policy = (name: (typeof DEFAULT_POLICIES)[number]) =>
  defaultServerPolicy(name, {
    clusterNetworks: ["10.0.0.0/8", "odd"],
    opaque: false,
    detectTimeoutMs: 10_000,
  });

test.each([
  ["all-unauthenticated", "192.0.2.9", NO_TLS, true],
  ["all-authenticated", "10.0.0.1", NO_TLS, false],
  ["all-authenticated", "10.0.0.1", { type: "unauthenticated" }, false],
  ["all-authenticated", "192.0.2.9", identity("a.b"), true],
  ["cluster-unauthenticated", "10.0.0.1", NO_TLS, true],
  ["cluster-unauthenticated", "192.0.2.9", NO_TLS, false],
  ["cluster-authenticated", "10.0.0.1", identity("a.b"), true],
  ["deny", "10.0.0.1", identity("a.b"), false],
  ["deny", "127.0.0.1", NO_TLS, true],
  ["audit", "192.0.2.9", NO_TLS, true],
] as const)("P47: authorize() under %s from %s with %p: %p", (name, ip, tls, allowed) => {
  expect(authorize(policy(name), { ip, tls }) !== undefined).toBe(allowed);
});

test("P46: authorize() honours exceptions, names and suffixes", () => {
  const net = Cidr.parse("10.0.0.0/8") as Cidr;
  const except = Cidr.parse("10.9.0.0/16") as Cidr;
  const labels = { group: "policy.linkerd.io", kind: "server", name: "web" };
  const named = (
    authentication: ServerPolicy["authorizations"][number]["authentication"],
  ): Listed => ({
    authorizations: [{ networks: [{ net, except: [except] }], labels, authentication }],
  });
  const listed = named({
    type: "identities",
    identities: new Set(["web.ns"]),
    suffixes: ["ops.ns"],
  });
  const allows = (ip: string, tls: ClientTls) => authorize(listed, { ip, tls }) !== undefined;
  expect(allows("10.0.0.1", identity("web.ns"))).toBe(true);
  expect(allows("10.0.0.1", identity("sa.ops.ns"))).toBe(true);
  expect(allows("10.0.0.1", identity("xops.ns"))).toBe(false);
  expect(allows("10.9.0.1", identity("web.ns"))).toBe(false);
  const anyTls = named({ type: "tls-unauthenticated" });
  expect(authorize(anyTls, { ip: "10.0.0.1", tls: { type: "unauthenticated" } })).toBeDefined();
  expect(authorize(anyTls, { ip: "10.0.0.1", tls: { type: "opaque", sni: "a" } })).toBeUndefined();
});

test("G19: identities are compared whole, dots and all", () => {
  const { authorizations } = policy("all-authenticated");
  const one = authorizations.at(-1);
  if (one === undefined) throw new Error("Cannot test: the policy allows nobody");
  const only = (identities: readonly string[], suffixes: readonly string[]): Listed => ({
    ...policy("deny"),
    authorizations: [
      {
        ...one,
        authentication: { type: "identities", identities: new Set(identities), suffixes },
      },
    ],
  });
  const allows = (rule: Listed, name: string): boolean =>
    authorize(rule, { ip: "192.0.2.9", tls: identity(name) }) !== undefined;
  const exact = only(["web.shop.x"], []);
  expect(
    ["web.shop.x", "a.web.shop.x", "web.shop.x.", "web-shop.x", "web.shop", "WEB.shop.x"].map(
      (name) => allows(exact, name),
    ),
  ).toEqual([true, false, false, false, false, false]);
  const suffix = only([], ["shop.x"]);
  expect(
    ["web.shop.x", "web.my-shop.x", "shop.x", "web.shop.x.y"].map((name) => allows(suffix, name)),
  ).toEqual([true, false, false, false]);
  // A suffix is one of DNS names: the path of a URI may end as it likes.
  const uri = "spiffe://elsewhere/web.shop.x";
  expect([allows(suffix, uri), allows(only([], [""]), uri), allows(only([uri], []), uri)]).toEqual([
    false,
    true,
    true,
  ]);
});

test("P46: authorizeBytes() lets bytes into ports that may speak something else than HTTP", () => {
  const allows = (protocol: ServerPolicy["protocol"]): boolean =>
    authorizeBytes(
      { ...policy("all-unauthenticated"), protocol },
      { ip: "192.0.2.9", tls: NO_TLS },
    ) !== undefined;
  const types = ["opaque", "tls", "http1", "http2", "grpc"] as const;
  expect(types.filter((type) => allows({ type }))).toEqual(["opaque", "tls"]);
  expect(allows({ type: "detect", timeoutMs: 1 })).toBe(true);
});

test("J10: isAudit() is the default of that name, and nobody's authorization who calls it so", () => {
  const [, audit, own] = [...policy("audit").authorizations, ...policy("deny").authorizations];
  const named = { group: "policy.linkerd.io", kind: "authorizationpolicy", name: "audit" };
  const given = [audit, own, audit && { ...audit, labels: named }];
  expect(given.map((each) => each !== undefined && isAudit(each))).toEqual([true, false, false]);
});
