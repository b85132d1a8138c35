import { expect, test } from "bun:test";
import { planRedirect, wantsRedirect } from "./plan.ts";

test("planRedirect() takes Linkerd's defaults and the annotations, the pod's first", () => {
  const none = { annotations: {}, namespaceAnnotations: {}, controlPlane: true };
  expect(planRedirect(none)).toEqual({
    uid: 2102,
    inboundPort: 4143,
    outboundPort: 4140,
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

test("planRedirect() skips inbound ports by the pod's annotations alone, as the controller does", () => {
  const namespaceAnnotations = {
    "config.linkerd.io/skip-inbound-ports": "3306, none",
    "config.linkerd.io/skip-outbound-ports": "25",
  };
  const plan = planRedirect({ annotations: {}, namespaceAnnotations, controlPlane: false });
  expect(plan.skipInbound).toEqual(["4190", "4191", "4567", "4568"]);
  expect(plan.skipOutbound.slice(2)).toEqual(["25"]);
});

test("planRedirect() leaves out what the agent was told to, beside the annotations", () => {
  const exempt = {
    inboundPorts: ["25"],
    outboundPorts: [],
    apiServerPorts: ["8443"],
    subnets: ["10.0.0.0/8"],
  };
  const annotations = { "config.linkerd.io/skip-subnets": "10.0.0.0/8,fd00::/8" };
  const pod = { annotations, namespaceAnnotations: {} };
  expect(planRedirect({ ...pod, controlPlane: false }, exempt)).toMatchObject({
    skipInbound: ["4190", "4191", "25"],
    skipOutbound: [],
    skipSubnets: ["10.0.0.0/8", "fd00::/8"],
  });
  expect(planRedirect({ ...pod, controlPlane: true }, exempt).skipOutbound).toEqual(["8443"]);
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

test.each([
  ["skip-subnets", "10.0.0.0/8 } ; flush ruleset", "is no network"],
  ["skip-subnets", "10.0.0.0/33", "is no network"],
  ["skip-subnets", "10/8", "is no network"],
  ["skip-subnets", "0x0a.0.0.0/8", "is no network"],
  ["skip-subnets", "fe80::1%eth0/64", "is no network"],
  ["skip-subnets", "::ffff:10.0.0.0/64", "is no network"],
  ["proxy-uid", "0", "proxy-uid is 0"],
  ["proxy-uid", "x", "proxy-uid is x"],
  ["inbound-port", "4143-4144", "inbound-port is 4143-4144"],
  ["outbound-port", "0", "outbound-port is 0"],
  ["skip-inbound-ports", "70000", "has port 70000"],
  ["skip-outbound-ports", "9-1", "has port 9-1"],
])("planRedirect() refuses %s %p", (name, value, message) => {
  const annotations = { [`config.linkerd.io/${name}`]: value };
  expect(() =>
    planRedirect({ annotations, namespaceAnnotations: {}, controlPlane: false }),
  ).toThrow(message);
});

test("planRedirect() writes networks in one way", () => {
  const networks = "10.0.0.0/8, fd00:0::1/64, ::ffff:10.1.0.0/112, 192.0.2.7";
  const annotations = { "config.linkerd.io/skip-subnets": networks };
  const plan = planRedirect({ annotations, namespaceAnnotations: {}, controlPlane: false });
  expect(plan.skipSubnets).toEqual(["10.0.0.0/8", "fd00::1/64", "10.1.0.0/16", "192.0.2.7/32"]);
});

test("planRedirect() writes ports in one way", () => {
  const annotations = {
    "config.linkerd.io/skip-inbound-ports": "0010, 10, 00080-00090",
    "config.linkerd.io/skip-outbound-ports": "08, 8",
  };
  const plan = planRedirect({ annotations, namespaceAnnotations: {}, controlPlane: false });
  expect(plan.skipInbound.slice(4)).toEqual(["10", "80-90"]);
  expect(plan.skipOutbound.slice(2)).toEqual(["8"]);
});
