import { expect, test } from "bun:test";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { CredentialStore } from "./credentials.ts";

const [authority, next] = [new FakeAuthority("same"), new FakeAuthority("same")];
const bundle = readTrustBundle(authority.anchorsPem);
const leafOf = (by: FakeAuthority, expiresMs: number) => ({ ...by.issue("web"), expiresMs });

test("CredentialStore wakes who waits for the first certificate, then holds the newest", () => {
  const store = new CredentialStore(bundle);
  const woken: string[] = [];
  store.whenReady(() => woken.push("waited"));
  expect([store.current, store.expiresMs, store.anchor]).toEqual([undefined, 0, undefined]);
  expect(store.bootstrap.material).toMatchObject({ keyPem: undefined, anchorsPem: bundle.pem });
  const leaf = leafOf(authority, 5);
  store.replace(leaf);
  store.whenReady(() => woken.push("at once"));
  expect([woken, store.expiresMs, store.current?.material.chainPem]).toEqual([
    ["waited", "at once"],
    5,
    leaf.chainPem,
  ]);
});

test("CredentialStore changes anchors under a certificate, and knows whether one of them vouches for it", () => {
  const store = new CredentialStore(bundle);
  const both = readTrustBundle(authority.anchorsPem + next.anchorsPem);
  store.trust(both);
  expect([store.current, store.bootstrap.material.anchorsPem]).toEqual([undefined, both.pem]);
  const leaf = leafOf(authority, 5);
  store.replace(leaf);
  const before = store.current;
  const { anchor } = store;
  expect(anchor).toMatch(/^[0-9a-f]{16}$/);
  const last = readTrustBundle(next.anchorsPem);
  store.trust(last);
  expect(store.current).not.toBe(before);
  expect(store.current?.material).toMatchObject({
    keyPem: leaf.keyPem,
    chainPem: leaf.chainPem,
    anchorsPem: last.pem,
  });
  expect(store.anchor).toBeUndefined();
  store.replace(leafOf(next, 6));
  expect([store.bundle, store.anchor === anchor]).toEqual([last, false]);
});

test("C1: CredentialStore asks for a certificate with the one it has, and without where others would refuse that", () => {
  const store = new CredentialStore(bundle);
  const shown = (nowMs: number): string | undefined => store.forRenewal(nowMs).material.chainPem;
  expect(shown(0)).toBeUndefined();
  const leaf = leafOf(authority, 5);
  store.replace(leaf);
  expect([shown(4), shown(5)]).toEqual([leaf.chainPem, undefined]);
  store.trust(readTrustBundle(next.anchorsPem));
  expect(shown(4)).toBeUndefined();
});

test("CredentialStore keeps what it has where the new certificate is another key's, and wakes nobody for that", () => {
  const store = new CredentialStore(bundle);
  const woken: string[] = [];
  store.whenReady(() => woken.push("waited"));
  const [leaf, other] = [leafOf(authority, 5), leafOf(authority, 6)];
  const unusable = { ...other, keyPem: leaf.keyPem };
  expect(() => store.replace(unusable)).toThrow();
  expect([store.current, store.expiresMs, store.anchor, woken]).toEqual([
    ...[undefined, 0, undefined],
    [],
  ]);
  store.replace(leaf);
  expect(() => store.replace(unusable)).toThrow();
  expect([store.current?.material.chainPem, store.expiresMs]).toEqual([leaf.chainPem, 5]);
  store.trust(readTrustBundle(next.anchorsPem));
  expect(woken).toEqual(["waited"]);
});
