import { afterEach, beforeEach, expect, test } from "bun:test";
import { readlinkSync, writeFileSync } from "node:fs";
import { spawn, spawnSync } from "bun";
import { inNetns } from "#lib/sys/netns.ts";
import { CAN_REDIRECT, ScratchNode, sh, until } from "../../test/integration/redirect-node.ts";
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

test.skipIf(!CAN_REDIRECT || Bun.which("nft") === null || Bun.which("unshare") === null)(
  "NftRules tells the proxy by its uid in a user namespace of the pod's own (needs root and nft)",
  async () => {
    // Who enters its own mount namespace is at its root: out of a chroot the kernel makes no namespace of users.
    const atRoot = ["nsenter", "--mount=/proc/self/ns/mnt"];
    const holder = spawn([...atRoot, "unshare", "--user", "--net", "sleep", "60"]);
    try {
      const proc = `/proc/${holder.pid}`;
      await until(
        () => readlinkSync(`${proc}/ns/net`) !== readlinkSync("/proc/self/ns/net"),
        () => "it is in our namespaces",
      );
      for (const map of ["uid_map", "gid_map"]) writeFileSync(`${proc}/${map}`, "0 100000 65536");
      const netns = `${proc}/ns/net`;
      for (const setup of [
        "link set lo up",
        "link add v0 type veth peer v1",
        "addr add 10.99.0.1/24 dev v0",
        "link set v0 up",
        "link set v1 up",
      ])
        inNetns(netns, () => sh("ip", ...setup.split(" ")));
      new NftRules().add({ netns }, PLAN, NONE);
      const dial = (uid: number): number => {
        const enter = [`--target=${holder.pid}`, "--user", "--net", `--setuid=${uid}`];
        const call = ["timeout", "0.5", "bash", "-c", "exec 3<>/dev/tcp/10.99.0.7/80"];
        return spawnSync(["nsenter", ...enter, ...call]).exitCode;
      };
      // Nobody has that address, and nobody listens where the others are redirected to.
      expect([dial(PLAN.uid), dial(1000)]).toEqual([124, 1]);
      new NftRules().remove({ netns });
      expect(dial(1000)).toBe(124);
    } finally {
      holder.kill("SIGKILL");
      await holder.exited;
    }
  },
);
