import { afterEach, beforeEach, expect, test } from "bun:test";
import { CAN_REDIRECT, ScratchNode } from "../../test/integration/redirect-node.ts";
import { chooseRedirection, redirectionOf } from "./choose.ts";

let node: ScratchNode;
beforeEach(() => {
  if (CAN_REDIRECT) node = new ScratchNode();
});
afterEach(() => {
  if (CAN_REDIRECT) node.stop();
});

const NOWHERE = { cgroupRoot: "/nowhere", bpfRoot: "/nowhere" };
const only =
  (...names: readonly string[]) =>
  (program: string): boolean =>
    names.includes(program);

test.skipIf(!CAN_REDIRECT)("eBPF is chosen where the probe passes (needs root)", () => {
  const { cgroupRoot, bpfRoot } = node;
  const choice = chooseRedirection({ asked: "auto", cgroupRoot, bpfRoot, has: only("nft") });
  expect([choice.redirection.kind, choice.spare?.kind]).toEqual(["ebpf", "nft"]);
  expect([choice.knowsKubelet, choice.reason]).toEqual([
    true,
    `the probe passed at ${cgroupRoot}/kubepods`,
  ]);
  const forced = chooseRedirection({ asked: "ebpf", cgroupRoot, bpfRoot, has: only("nft") });
  expect([forced.redirection.kind, forced.spare]).toEqual(["ebpf", undefined]);
  const nft = chooseRedirection({ asked: "nft", cgroupRoot, bpfRoot, has: only("nft") });
  expect([nft.redirection.kind, nft.reason]).toEqual(["nft", "it was asked for"]);
});

test("H7: nft, then iptables, with the reason why", () => {
  const nft = chooseRedirection({
    ...NOWHERE,
    asked: "auto",
    has: only("nft", "iptables-restore"),
  });
  expect(nft.redirection.kind).toBe("nft");
  expect(nft.reason).toBe("ebpf: /nowhere has no cgroup2");
  const iptables = chooseRedirection({ ...NOWHERE, asked: "auto", has: only("iptables-restore") });
  expect(iptables.redirection.kind).toBe("iptables");
});

test.each([
  [
    "auto",
    "Cannot redirect on this node: ebpf: /nowhere has no cgroup2; nft and iptables: not found",
  ],
  ["ebpf", "Cannot redirect on this node: ebpf: /nowhere has no cgroup2"],
  ["iptables", "Cannot redirect on this node: iptables: not found"],
] as const)("H7, H8: %s says why nothing works", (asked, message) => {
  expect(() => chooseRedirection({ ...NOWHERE, asked, has: () => false })).toThrow(message);
});

test("redirectionOf() finds the way that a pod was redirected by", () => {
  const { programs } = chooseRedirection({ ...NOWHERE, asked: "auto", has: only("nft") });
  expect(
    (["ebpf", "nft", "iptables"] as const).map((kind) => redirectionOf(kind, programs).kind),
  ).toEqual(["ebpf", "nft", "iptables"]);
});
