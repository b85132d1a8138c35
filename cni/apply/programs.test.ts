import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { until } from "../../test/fake/mesh.ts";
import { CAN_REDIRECT, ScratchNode } from "../../test/integration/redirect-node.ts";
import { Programs, pinsBelow, unloadPrograms } from "./programs.ts";

const PLAN = {
  uid: 2102,
  inboundPort: 4143,
  outboundPort: 4140,
  skipInbound: ["4190"],
  skipOutbound: ["4567"],
  skipSubnets: [],
};
const SURROUNDINGS = { ips: ["10.0.0.2"], probeSources: [] };

let node: ScratchNode;
beforeEach(() => {
  if (CAN_REDIRECT) node = new ScratchNode();
});
afterEach(() => {
  if (CAN_REDIRECT) node.stop();
});

function load(): Programs {
  const { bpfRoot, cgroupRoot } = node;
  const kubelet = `${cgroupRoot}/kubelet`;
  const programs = new Programs({ bpfRoot, pods: `${cgroupRoot}/kubepods`, kubelet });
  programs.load();
  return programs;
}

test.skipIf(!CAN_REDIRECT)("add(), check() and remove() of a pod (needs root)", () => {
  const programs = load();
  expect(node.pins()).toHaveLength(12);
  const netns = node.namespace("a");
  const place = programs.add(netns, PLAN, SURROUNDINGS);
  expect(node.pins()).toContain(`in_${place.cookie}`);
  expect(programs.check(place)).toBeUndefined();
  expect(programs.add(netns, PLAN, SURROUNDINGS)).toEqual(place);
  expect(programs.check({ netns })).toContain("has no cookie");
  expect(programs.check({ netns, cookie: 1n })).toContain("no entry");
  programs.remove(place);
  programs.remove(place);
  programs.remove({ netns });
  expect(node.pins()).toHaveLength(12);
  expect(() => programs.add("/run/netns/absent", PLAN, SURROUNDINGS)).toThrow("ENOENT");
});

test.skipIf(!CAN_REDIRECT)("what an earlier agent attached is taken over (needs root)", () => {
  const place = load().add(node.namespace("a"), PLAN, SURROUNDINGS);
  rmdirSync(`${node.cgroupRoot}/kubelet`);
  mkdirSync(`${node.cgroupRoot}/kubelet`);
  const programs = load();
  expect(programs.check(place)).toBeUndefined();
  expect(programs.refresh()).toBe(false);
  // On most file systems the new one would get the old one's number: kept here by a second.
  mkdirSync(`${node.cgroupRoot}/between`);
  rmdirSync(`${node.cgroupRoot}/kubelet`);
  mkdirSync(`${node.cgroupRoot}/kubelet`);
  expect([programs.refresh(), programs.refresh()]).toEqual([true, false]);
  unloadPrograms(node.bpfRoot);
  expect(existsSync(pinsBelow(node.bpfRoot))).toBe(false);
  const { bpfRoot } = node;
  const unloaded = new Programs({ bpfRoot, pods: "", kubelet: undefined });
  expect(unloaded.refresh()).toBe(false);
  unloaded.remove(place);
  expect(unloaded.collect(new Set())).toEqual([]);
  expect(() => unloaded.add(place.netns, PLAN, SURROUNDINGS)).toThrow("Cannot open maps");
});

test.skipIf(!CAN_REDIRECT)("collect() removes what has gone (needs root)", async () => {
  const programs = load();
  const [kept, gone] = ["a", "b"].map((name) =>
    programs.add(node.namespace(name), PLAN, SURROUNDINGS),
  );
  node.deleteNamespace(gone?.netns ?? "");
  // The kernel takes a namespace down on a thread of its own.
  await until(
    () => programs.check(gone ?? { netns: "" })?.includes("no inbound program") === true,
    () => "the link still has its namespace",
  );
  expect(programs.collect(new Set([gone?.cookie ?? 0n]))).toEqual([]);
  expect(programs.collect(new Set())).toEqual([gone?.cookie ?? 0n]);
  expect(node.pins().filter((name) => name.startsWith("in_"))).toEqual([`in_${kept?.cookie}`]);
});

test.skipIf(!CAN_REDIRECT)("check() sees that a program of the mesh is gone (needs root)", () => {
  const programs = load();
  const place = programs.add(node.namespace("a"), PLAN, SURROUNDINGS);
  unloadPrograms(node.bpfRoot);
  expect(programs.check(place)).toContain("no entry in the map of pods");
});
