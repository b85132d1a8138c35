import { afterEach, beforeEach, expect, test } from "bun:test";
import { inNetns } from "#lib/sys/netns.ts";
import { CAN_REDIRECT, ScratchNode, sh } from "../../test/integration/redirect-node.ts";
import type { Redirection } from "./redirection.ts";
import { IptablesRules, NftRules } from "./rules.ts";

const PLAN = {
  uid: 2102,
  inboundPort: 4143,
  outboundPort: 4140,
  skipInbound: ["4190", "80-90"],
  skipOutbound: ["4567"],
  skipSubnets: ["10.0.0.0/8", "fd00::/16"],
};
const NONE = { ips: [], probeSources: [] };

let node: ScratchNode;
beforeEach(() => {
  if (CAN_REDIRECT) node = new ScratchNode();
});
afterEach(() => {
  if (CAN_REDIRECT) node.stop();
});

function roundTrip(rules: Redirection, seen: () => string): void {
  const netns = node.namespace("a");
  expect(rules.check({ netns }, PLAN)).toContain(netns);
  const place = rules.add({ netns }, PLAN, NONE);
  rules.add({ netns }, PLAN, NONE);
  expect(rules.check(place, PLAN)).toBeUndefined();
  const text = inNetns(netns, seen).toLowerCase();
  expect(text.match(/-a output|hook output/g)).toHaveLength(1);
  expect(text).toContain("bunkerd_v1");
  rules.remove(place);
  rules.remove(place);
  expect(inNetns(netns, seen).toLowerCase()).not.toContain("bunkerd_v1");
  expect(() => rules.add({ netns }, { ...PLAN, skipSubnets: ["10.0.0.0/99"] }, NONE)).toThrow(
    "Cannot write rules with",
  );
  node.deleteNamespace(netns);
  rules.remove(place);
}

test.skipIf(!CAN_REDIRECT || Bun.which("nft") === null)(
  "NftRules come, stay single, and go (needs root and nft)",
  () => roundTrip(new NftRules(), () => sh("nft", "list", "ruleset")),
);

test.skipIf(!CAN_REDIRECT || Bun.which("iptables-restore") === null)(
  "IptablesRules come, stay single, and go (needs root and iptables)",
  () => roundTrip(new IptablesRules(), () => sh("iptables-save", "-t", "nat")),
);
