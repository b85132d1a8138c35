import { expect, test } from "bun:test";
import { createValues, type Overrides } from "../values.ts";
import { validateValues } from "./checks.ts";

test("validateValues() finds nothing wrong with the defaults", () => {
  expect(validateValues(createValues("1"))).toEqual([]);
});

test.each<[Overrides, string]>([
  [
    { proxy: { resources: { memory: { request: "1Gi", limit: "250Mi" } } } },
    "proxy.resources.memory.request is above its limit",
  ],
  [{ profileValidator: { externalSecret: true } }, "profileValidator.externalSecret needs one of"],
  [
    { proxyInjector: { externalSecret: true, injectCaFrom: "a/b", injectCaFromSecret: "a/c" } },
    "proxyInjector.externalSecret needs one of",
  ],
  [
    { policyValidator: { externalSecret: true, injectCaFrom: "a/b", keyPEM: "-----BEGIN X-----" } },
    "policyValidator.externalSecret and policyValidator.crtPEM or",
  ],
  [{ proxyInjector: { injectCaFrom: "a/b" } }, "need proxyInjector.externalSecret"],
  [
    { identity: { externalCA: true }, identityTrustAnchorsPEM: "-----BEGIN X-----" },
    "exclude each other",
  ],
  [{ identityTrustAnchorsPEM: "-----BEGIN X-----" }, "belong together"],
  [{ controllerUID: 2102 }, "controllerUID must not be proxy.uid"],
])("createValues() refuses %j together: %s", (overrides, message) => {
  expect(() => createValues("1", overrides)).toThrow(message);
});
