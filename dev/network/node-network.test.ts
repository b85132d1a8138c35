import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { everyAddress } from "#lib/net/every-address.ts";
import { umount } from "#lib/sys/libc.ts";
import { inNetns } from "#lib/sys/netns.ts";
import { networksOf } from "./ip-families.ts";
import { applyRules, configureNode, type NodeNetwork } from "./node-network.ts";
import { renderServices } from "./services.ts";

const folder: string = mkdtempSync("/run/node-network-");
const netns = `${folder}/node`;
let network: NodeNetwork;
/** A kernel without IPv6 is asked for IPv4 alone. */
const families = everyAddress("::") === "::" ? "dual" : "ipv4";
const networks = networksOf(families);
beforeAll(async () => {
  await Bun.write(netns, "");
  expect(Bun.spawnSync(["unshare", `--net=${netns}`, "true"]).exitCode).toBe(0);
  network = configureNode(netns, networks);
});
afterAll(() => {
  umount(netns);
  rmSync(folder, { recursive: true });
});

const show = (...command: string[]): string =>
  inNetns(netns, () => Bun.spawnSync(command)).stdout.toString();

test("configureNode() gives the namespace its address, forwarding, and a way to Services", () => {
  const own = show("ip", "-brief", "address", "show", "node0");
  expect(network.ips).toEqual(["10.244.0.1", "fd00:10:244::1"].slice(0, networks.length) as never);
  const expected = [
    ["10.244.0.1/32", "-4", "10.96.0.0/16 dev node0", "ipv4/ip_forward"],
    ["fd00:10:244::1/128", "-6", "fd00:10:96::/112 dev node0", "ipv6/conf/all/forwarding"],
  ].slice(0, networks.length);
  for (const [address = "", family = "", route = "", file] of expected) {
    expect(own).toContain(address);
    expect(show("ip", family, "route")).toContain(route);
    expect(inNetns(netns, () => readFileSync(`/proc/sys/net/${file}`, "utf8"))).toBe("1\n");
  }
});

test("the configuration of pods names the node as their gateway", () => {
  const { plugins } = JSON.parse(network.config) as { plugins: Record<string, unknown>[] };
  expect(plugins).toMatchObject([
    {
      type: "ptp",
      ipam: {
        ranges: [
          [{ subnet: "10.244.0.0/24", gateway: "10.244.0.1" }],
          [{ subnet: "fd00:10:244::/64", gateway: "fd00:10:244::1" }],
        ].slice(0, networks.length),
        routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }].slice(0, networks.length),
      },
    },
  ]);
});

test.each([
  ["IPv4", "10.96.0.7", "10.244.0.2", "10.244.0.2:8080"],
  ["IPv6", "fd00:10:96::7", "fd00:10:244::2", "[fd00:10:244::2]:8080"],
] as const)("applyRules() replaces the rules of Services of %s", (family, ip, pod, target) => {
  const route = { protocol: "tcp", ip, port: 80 } as const;
  const render = (endpoints: { ip: string; port: number }[]): string =>
    renderServices(
      [{ ...route, endpoints }],
      networksOf("dual").filter((each) => each.family === family),
    );
  applyRules(netns, render([{ ip: pod, port: 8080 }]));
  expect(show("nft", "list", "ruleset")).toContain(`dnat to ${target}`);
  applyRules(netns, render([]));
  expect(show("nft", "list", "ruleset")).not.toContain(`dnat to ${target}`);
});

test("an address that no Service has refuses at once", () => {
  applyRules(netns, renderServices([], networks));
  // By a shell, as the address is one of the node's own network.
  const at = (ip: string): string => `: < /dev/tcp/${ip}/80`;
  for (const ip of ["10.96.0.9", "fd00:10:96::9"].slice(0, networks.length)) {
    const tried = inNetns(netns, () => Bun.spawnSync(["timeout", "10", "bash", "-c", at(ip)]));
    expect([tried.exitCode, tried.stderr.toString()]).toEqual([
      1,
      expect.stringContaining("Connection refused"),
    ]);
  }
});

test("applyRules() says what nft refuses", () => {
  expect(() => applyRules(netns, "nonsense")).toThrow("Cannot run nft -f -");
});
