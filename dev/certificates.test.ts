import { expect, test } from "bun:test";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createApiCertificates } from "./certificates.ts";

test("createApiCertificates() certifies the server for its names and addresses by its own authority", () => {
  const names = { ips: ["127.0.0.1"], dns: ["kubernetes.default.svc"] };
  const { caPem, chainPem, keyPem } = createApiCertificates(names, Date.now());
  const [authority, server] = [new X509Certificate(caPem), new X509Certificate(chainPem)];
  expect(authority.ca).toBe(true);
  expect(server.ca).toBe(false);
  expect(server.verify(authority.publicKey)).toBe(true);
  expect(server.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
  expect(server.checkHost("kubernetes.default.svc")).toBe("kubernetes.default.svc");
  expect(server.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(server.serialNumber).not.toBe(authority.serialNumber);
});
