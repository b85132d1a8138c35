import { expect, test } from "bun:test";
import type { RedirectKind } from "./apply/redirection.ts";
import type { Attachment } from "./attachments.ts";
import { planRedirect } from "./redirect/plan.ts";
import { ASKS_AT_ONCE, RULES_AT_ONCE, Turns } from "./turns.ts";

const plan = planRedirect({ annotations: {}, namespaceAnnotations: {}, controlPlane: false });

const pods = (kind: RedirectKind, count: number): Attachment[] =>
  Array.from({ length: count }, (_, at) => ({
    ...{ containerId: `${kind}${at}`, ifname: "eth0", pod: `shop/${kind}${at}`, kind, plan },
    place: { netns: `/run/netns/${kind}${at}` },
    surroundings: { ips: [], probeSources: [] },
  }));

const idsOf = (due: readonly Attachment[], kind: RedirectKind): string[] =>
  due.filter((each) => each.kind === kind).map(({ containerId }) => containerId);

test("Turns takes all pods of tier 1, and a few of tier 2 after the other", () => {
  const turns = new Turns();
  const all = [...pods("nft", RULES_AT_ONCE + 2), ...pods("ebpf", 3)];
  const looks = [1, 2, 3].map(() => turns.take(all).due);
  expect(looks.map((due) => idsOf(due, "ebpf").length)).toEqual([3, 3, 3]);
  expect(looks.map((due) => idsOf(due, "nft").length)).toEqual([RULES_AT_ONCE, 2, RULES_AT_ONCE]);
  expect(idsOf(looks[1] ?? [], "nft")).toEqual(["nft8", "nft9"]);
});

test("Turns lets each pod of tier 1 be asked about, even where no proxy listens", () => {
  const turns = new Turns();
  const all = pods("ebpf", 110);
  const asked = new Set<string>();
  for (let look = 0; look * ASKS_AT_ONCE < all.length; look++) {
    const { due, asks } = turns.take(all);
    expect([due.length, asks.left]).toEqual([110, ASKS_AT_ONCE]);
    for (const id of idsOf(due, "ebpf").slice(0, asks.left)) asked.add(id);
  }
  expect(asked.size).toBe(110);
  expect(turns.take([]).due).toEqual([]);
});
