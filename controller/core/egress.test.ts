import { expect, test } from "bun:test";
import { Cidr } from "#lib/addr/cidr.ts";
import { NO_TRAFFIC } from "../../test/fake/outbound-world.ts";
import { type EgressNetwork, egressOf } from "./egress.ts";

const cidrs = (...texts: string[]) => texts.flatMap((text) => Cidr.parse(text) ?? []);
const network = (
  name: string,
  over: { cidr?: string; except?: string[]; createdMs?: number },
): EgressNetwork => {
  const { cidr = "0.0.0.0/0", except = [], createdMs = 0 } = over;
  return {
    ...{
      name,
      namespace: "shop",
      createdMs,
      allows: true,
      opaque: [],
      traffic: NO_TRAFFIC,
      fault: undefined,
    },
    networks: cidrs(cidr).map((each) => ({ cidr: each, except: cidrs(...except) })),
  };
};

test.each([
  ["none", [], undefined],
  ["one around it", [network("a", {})], "a"],
  ["one elsewhere", [network("a", { cidr: "2.0.0.0/8" })], undefined],
  ["one of the other family", [network("a", { cidr: "::/0" })], undefined],
  ["one that excepts it", [network("a", { except: ["1.0.0.0/8"] })], undefined],
  ["the smaller", [network("a", {}), network("b", { cidr: "1.1.0.0/16", createdMs: 9 })], "b"],
  ["the older", [network("a", { createdMs: 2 }), network("b", { createdMs: 1 })], "b"],
  ["the first by name", [network("b", {}), network("a", {})], "a"],
])("OUT10: of an address: %s", (_, networks, name) => {
  expect(egressOf("1.1.1.1", networks)?.name).toBe(name as string);
});

test("OUT10: the smallest of several networks of one counts", () => {
  const both = { ...network("a", {}), networks: [...network("", {}).networks] };
  const small = network("", { cidr: "1.1.1.0/24" }).networks;
  const networks = [
    network("b", { cidr: "1.1.0.0/16" }),
    { ...both, networks: [...both.networks, ...small] },
  ];
  expect(egressOf("1.1.1.1", networks)?.name).toBe("a");
});
