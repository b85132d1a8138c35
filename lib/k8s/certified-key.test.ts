import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import {
  createAuthority,
  createServingCertificate,
  SERVING_LIFETIME_MS,
  servingAuthority,
} from "./certified-key.ts";

test("createServingCertificate() makes a leaf that a client with its authority takes", async () => {
  const { crtPem, keyPem, caPem } = createServingCertificate("localhost", Date.now());
  using server = Bun.serve({
    port: 0,
    tls: { key: keyPem, cert: crtPem },
    fetch: () => new Response("served"),
  });
  const response = await fetch(`https://localhost:${server.port}`, { tls: { ca: caPem } });
  expect(await response.text()).toBe("served");
  const leaf = new X509Certificate(crtPem);
  expect(leaf.issuer).toBe(`CN=${servingAuthority("localhost")}`);
  expect(Date.parse(leaf.validTo) - Date.now()).toBeCloseTo(SERVING_LIFETIME_MS, -5);
  expect([leaf.ca, leaf.checkIssued(new X509Certificate(caPem))]).toEqual([false, true]);
});

test("createAuthority() makes a root, or what is certified by one", () => {
  const how = { nowMs: Date.now(), lifetimeMs: 1000 };
  const root = createAuthority("root", how);
  const between = createAuthority("between", { ...how, signer: root });
  const [top, below] = [root, between].map(({ crtPem }) => new X509Certificate(crtPem));
  expect([top?.ca, below?.ca, below?.subject, below?.issuer]).toEqual([
    ...[true, true],
    ...["CN=between", "CN=root"],
  ]);
  expect(below?.verify((top as X509Certificate).publicKey)).toBe(true);
});
