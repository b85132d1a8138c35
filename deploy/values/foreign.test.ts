import { expect, test } from "bun:test";
import { whyForeign } from "./foreign.ts";

test("whyForeign() has a reason for Linkerd's own values, and none for a slip of the pen", () => {
  expect(whyForeign("proxyInit.iptablesMode")).toContain("cni.redirect");
  expect(whyForeign("proxyInit.closeWaitTimeoutSecs")).toContain("no init container");
  expect(whyForeign("proxy.runtime.workers.minimum")).toContain("one worker");
  expect(whyForeign("spValidator.livenessProbe.timeoutSeconds")).toContain("destination");
  expect([
    whyForeign("policyValidator.caBundle"),
    whyForeign("proxyx"),
    whyForeign("egres"),
  ]).toEqual([undefined, undefined, undefined]);
});
