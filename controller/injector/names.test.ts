import { expect, test } from "bun:test";
import { INJECTOR_LEASE, INJECTOR_TLS, INJECTOR_WEBHOOK } from "./names.ts";

test("the injector's objects have Linkerd's names", () => {
  expect([INJECTOR_TLS, INJECTOR_WEBHOOK, INJECTOR_LEASE]).toEqual([
    "linkerd-proxy-injector-k8s-tls",
    "linkerd-proxy-injector-webhook-config",
    "linkerd-proxy-injector-certificates",
  ]);
});
