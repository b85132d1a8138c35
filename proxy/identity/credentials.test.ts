import { expect, test } from "bun:test";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { CredentialStore } from "./credentials.ts";

test("CredentialStore wakes who waits for the first certificate, then holds the newest", () => {
  const authority = new FakeAuthority();
  const store = new CredentialStore();
  const woken: string[] = [];
  store.whenReady(() => woken.push("waited"));
  expect([store.current, store.expiresMs]).toEqual([undefined, 0]);
  const { keyPem, chainPem } = authority.issue("web");
  store.replace({ keyPem, chainPem, anchorsPem: authority.anchorsPem }, 5);
  store.whenReady(() => woken.push("at once"));
  expect([woken, store.expiresMs, store.current?.material.chainPem]).toEqual([
    ["waited", "at once"],
    5,
    chainPem,
  ]);
});
