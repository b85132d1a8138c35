import { expect, test } from "bun:test";
import { Cidr } from "#lib/addr/cidr.ts";
import { familyOf } from "#lib/addr/ip.ts";
import { firstAddress } from "#lib/kube-api/service-addresses.ts";
import { networksOf, parseIpFamily } from "./ip-families.ts";

test("a choice names its families, the primary one first", () => {
  const families = (["ipv4", "ipv6", "dual"] as const).map((choice) =>
    networksOf(choice).map(({ family }) => family),
  );
  expect(families).toEqual([["IPv4"], ["IPv6"], ["IPv4", "IPv6"]]);
  expect(["dual", "IPv4", "toString"].map(parseIpFamily)).toEqual(["dual", undefined, undefined]);
});

test("the networks of a family are of that family, and hold the node and the kubernetes Service", () => {
  for (const { family, nodeIp, podCidr, serviceCidr, kubernetesIp } of networksOf("dual")) {
    expect([nodeIp, podCidr, serviceCidr].map(familyOf)).toEqual([family, family, family]);
    expect(Cidr.parse(podCidr)?.contains(nodeIp)).toBe(true);
    expect(firstAddress(serviceCidr)).toBe(kubernetesIp);
  }
});
