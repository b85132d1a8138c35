import { expect, test } from "bun:test";
import { judgeNames, validity } from "./certify.ts";

const names = { commonName: "web.ns", dnsNames: ["web.ns"], otherNames: 0 };

test("IDY1: judgeNames() takes one DNS name, and no common name or the same", () => {
  judgeNames("web.ns", names);
  judgeNames("web.ns", { ...names, commonName: "" });
});

test.each([
  [{ dnsNames: [] }],
  [{ dnsNames: ["other.ns"] }],
  [{ dnsNames: ["web.ns", "other.ns"] }],
  [{ commonName: "other.ns" }],
  [{ otherNames: 1 }],
])("IDY1: judgeNames() refuses %p", (over) => {
  expect(() => judgeNames("web.ns", { ...names, ...over })).toThrow(
    expect.objectContaining({ code: "failed-precondition" }),
  );
});

test("IDY4: validity() allows for clock skew and never outlives the issuer", () => {
  const day = { lifetimeMs: 86_400_000, issuerExpiresMs: 1e12, skewMs: 20_000 };
  const { notBefore, notAfter } = validity(1e9, day);
  expect([notBefore.getTime(), notAfter.getTime()]).toEqual([
    1e9 - 20_000,
    1e9 + 86_400_000 + 20_000,
  ]);
  expect(validity(1e9, { ...day, issuerExpiresMs: 1e9 + 5 }).notAfter.getTime()).toBe(1e9 + 5);
});
