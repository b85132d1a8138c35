import { expect, test } from "bun:test";
import type { IpFamily } from "#lib/addr/ip.ts";
import type { ApiObject } from "./object.ts";
import { serviceFamilies } from "./service-families.ts";

const service = (spec: Record<string, unknown>): ApiObject => ({
  metadata: { name: "s" },
  spec: { selector: { app: "web" }, ...spec },
});
const V4: readonly IpFamily[] = ["IPv4"];
const V6: readonly IpFamily[] = ["IPv6"];
const DUAL: readonly IpFamily[] = ["IPv4", "IPv6"];

const decided = (
  offered: readonly IpFamily[],
  spec: Record<string, unknown>,
  before?: Record<string, unknown>,
): string => {
  const previous = before && service(before);
  const { policy, families, addresses } = serviceFamilies(service(spec), { offered, previous });
  return [policy, families.join("+"), addresses.join("+")].join(" ").trim();
};

test.each([
  ["a Service that says nothing has the primary family alone", DUAL, {}, "SingleStack IPv4"],
  ["so it has in a cluster of IPv6", V6, {}, "SingleStack IPv6"],
  [
    "it is single-stack of the family that it names",
    DUAL,
    { ipFamilies: ["IPv6"] },
    "SingleStack IPv6",
  ],
  ["or whose address it wants", DUAL, { clusterIP: "fd00::7" }, "SingleStack IPv6 fd00::7"],
  [
    "who prefers both gets both",
    DUAL,
    { ipFamilyPolicy: "PreferDualStack" },
    "PreferDualStack IPv4+IPv6",
  ],
  ["or one where there is one", V4, { ipFamilyPolicy: "PreferDualStack" }, "PreferDualStack IPv4"],
  [
    "the order is the Service's",
    DUAL,
    { ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv6"] },
    "RequireDualStack IPv6+IPv4",
  ],
  ["a headless Service is no other", DUAL, { clusterIP: "None" }, "SingleStack IPv4 None"],
  [
    "unless it selects nothing",
    DUAL,
    { clusterIP: "None", selector: {} },
    "RequireDualStack IPv4+IPv6 None",
  ],
] as const)("%s", (_, offered, spec, expected) => {
  expect(decided(offered, spec)).toBe(expected);
});

test("a Service keeps what it has, and gains or loses its second family by its policy", () => {
  const both = {
    ...{ clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1", "fd00::1"], ipFamilies: DUAL },
    ipFamilyPolicy: "PreferDualStack",
  };
  expect(decided(DUAL, {}, both)).toBe("PreferDualStack IPv4+IPv6 10.0.0.1+fd00::1");
  expect(decided(DUAL, { ...both, ipFamilyPolicy: "SingleStack" }, both)).toBe(
    "SingleStack IPv4 10.0.0.1",
  );
  const one = { clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"], ipFamilies: V4 };
  expect(decided(DUAL, { ...one, ipFamilyPolicy: "PreferDualStack" }, one)).toBe(
    "PreferDualStack IPv4+IPv6 10.0.0.1",
  );
});

test.each([
  [V4, { ipFamilyPolicy: "RequireDualStack" }, "not configured for dual-stack services"],
  [V4, { ipFamilies: ["IPv6"] }, 'spec.ipFamilies[0]: Invalid value: ["IPv6"]: not configured'],
  [DUAL, { ipFamilies: ["IPv4", "IPv6"] }, "must be RequireDualStack or PreferDualStack when"],
] as const)("a cluster of %j refuses %j", (offered, spec, message) => {
  expect(() => decided(offered, spec)).toThrow(message);
});
