import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { umount } from "#lib/sys/libc.ts";
import { inNetns } from "#lib/sys/netns.ts";
import { applyRules, configureNode, type NodeNetwork } from "./node-network.ts";
import { renderServices } from "./services.ts";

const folder: string = mkdtempSync("/run/node-network-");
const netns = `${folder}/node`;
let network: NodeNetwork;
beforeAll(async () => {
  await Bun.write(netns, "");
  expect(Bun.spawnSync(["unshare", `--net=${netns}`, "true"]).exitCode).toBe(0);
  network = configureNode(netns, "10.96.0.0/16");
});
afterAll(() => {
  umount(netns);
  rmSync(folder, { recursive: true });
});

const show = (...command: string[]): string =>
  inNetns(netns, () => Bun.spawnSync(command)).stdout.toString();

test("configureNode() gives the namespace its address, forwarding, and a way to Services", () => {
  expect(show("ip", "-brief", "address", "show", "node0")).toContain(`${network.ip}/32`);
  expect(show("ip", "route")).toContain("10.96.0.0/16 dev node0");
  expect(inNetns(netns, () => readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8"))).toBe("1\n");
});

test("the configuration of pods names the node as their gateway", () => {
  const { plugins } = JSON.parse(network.config) as { plugins: Record<string, unknown>[] };
  expect(plugins).toMatchObject([
    { type: "ptp", ipam: { ranges: [[{ subnet: network.podCidr, gateway: network.ip }]] } },
  ]);
});

test("applyRules() replaces the rules of Services", () => {
  const route = { protocol: "tcp", ip: "10.96.0.7", port: 80 } as const;
  applyRules(netns, renderServices([{ ...route, endpoints: [{ ip: "10.244.0.2", port: 8080 }] }]));
  expect(show("nft", "list", "ruleset")).toContain("dnat to 10.244.0.2:8080");
  applyRules(netns, renderServices([{ ...route, endpoints: [] }]));
  expect(show("nft", "list", "ruleset")).not.toContain("dnat to 10.244.0.2:8080");
});

test("applyRules() says what nft refuses", () => {
  expect(() => applyRules(netns, "nonsense")).toThrow("Cannot run nft -f -");
});
