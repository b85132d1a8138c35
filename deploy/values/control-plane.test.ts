import { expect, test } from "bun:test";
import { CONTROL_PLANE } from "./control-plane.ts";
import { defaultsOf } from "./schema.ts";

test("config.linkerd.io/admission-webhooks: CONTROL_PLANE leaves the mesh's own pods out of the webhook, and lets everybody reach it", () => {
  const { proxyInjector, networkPolicy } = CONTROL_PLANE;
  expect(defaultsOf(proxyInjector, "1")).toMatchObject({
    namespaceSelector: { matchExpressions: [{ values: ["disabled"] }, { operator: "NotIn" }] },
    objectSelector: {
      matchExpressions: [
        { key: "linkerd.io/control-plane-component", operator: "DoesNotExist" },
        { key: "linkerd.io/cni-resource", operator: "DoesNotExist" },
      ],
    },
  });
  expect(defaultsOf(networkPolicy, "1")).toEqual({
    enabled: true,
    webhookSources: [],
    adminSources: [],
  });
  for (const validator of [CONTROL_PLANE.policyValidator, CONTROL_PLANE.profileValidator])
    expect(defaultsOf(validator, "1")).toMatchObject({
      namespaceSelector: {
        matchExpressions: [
          { key: "config.linkerd.io/admission-webhooks", operator: "NotIn", values: ["disabled"] },
        ],
      },
      ...{ crtPEM: "", keyPEM: "", caBundle: "" },
    });
  expect(proxyInjector.timeoutSeconds.accepts(31)).toBe(false);
});
