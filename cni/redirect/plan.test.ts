import { expect, test } from "bun:test";
import { planRedirect, wantsRedirect } from "./plan.ts";

test("planRedirect() takes Linkerd's defaults and the annotations, the pod's first", () => {
  const none = { annotations: {}, namespaceAnnotations: {}, controlPlane: true };
  expect(planRedirect(none)).toEqual({
    uid: 2102,
    skipInbound: ["4190", "4191", "4567", "4568"],
    skipOutbound: ["4567", "4568", "443", "6443"],
    skipSubnets: [],
  });
  const annotations = { "config.linkerd.io/skip-inbound-ports": "25, 80-90" };
  const namespaceAnnotations = {
    "config.linkerd.io/skip-inbound-ports": "1",
    "config.linkerd.io/proxy-uid": "7",
  };
  const plan = planRedirect({ annotations, namespaceAnnotations, controlPlane: false });
  expect(plan.skipInbound.slice(4)).toEqual(["25", "80-90"]);
  expect(plan.uid).toBe(7);
});

test("planRedirect() refuses what is no port", () => {
  const annotations = { "config.linkerd.io/skip-outbound-ports": "http" };
  expect(() =>
    planRedirect({ annotations, namespaceAnnotations: {}, controlPlane: false }),
  ).toThrow("skip-outbound-ports has port http");
});

test("wantsRedirect() asks for the proxy and no init container of Linkerd's", () => {
  expect(wantsRedirect(["app", "linkerd-proxy"])).toBe(true);
  expect(wantsRedirect(["linkerd-proxy", "linkerd-init"])).toBe(false);
});
