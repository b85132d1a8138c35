import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { inNetns } from "#lib/sys/netns.ts";
import { CAN_REDIRECT, ScratchNode, sh } from "../test/integration/redirect-node.ts";
import { chooseRedirection, redirectionOf } from "./apply/choose.ts";
import { Attachments } from "./attachments.ts";
import { cleanUp } from "./cleanup.ts";
import { planRedirect } from "./redirect/plan.ts";

const can = CAN_REDIRECT && Bun.which("nft") !== null;
let node: ScratchNode;
beforeEach(() => {
  if (can) node = new ScratchNode();
});
afterEach(() => {
  if (can) node.stop();
});

test.skipIf(!can)(
  "cleanUp() ends every redirection and leaves nothing (needs root and nft)",
  () => {
    const { bpfRoot, cgroupRoot, dir } = node;
    const runDir = `${dir}/run`;
    mkdirSync(runDir);
    const fault = (error: Error): void => {
      throw error;
    };
    const attachments = Attachments.load(`${runDir}/attachments`, fault);
    const { programs } = chooseRedirection({
      asked: "ebpf",
      cgroupRoot,
      bpfRoot,
      has: () => false,
    });
    const plan = planRedirect({ annotations: {}, namespaceAnnotations: {}, controlPlane: false });
    const surroundings = { ips: [], probeSources: [] };
    const spaces = (["ebpf", "nft"] as const).map((kind) => {
      const netns = node.namespace(kind);
      const place = redirectionOf(kind, programs).add({ netns }, plan, surroundings);
      const sandbox = { containerId: kind, ifname: "eth0", pod: kind };
      attachments.put({ ...sandbox, kind, place, plan, surroundings });
      return netns;
    });
    writeFileSync(`${runDir}/attachments/odd@eth0.json`, "{");
    const args = { cniBinDir: `${dir}/bin`, cniConfDir: `${dir}/conf`, bpfRoot, runDir };
    const faults: string[] = [];
    cleanUp(args, (error) => faults.push(error.message));
    cleanUp(args, fault);
    expect(faults).toEqual([expect.stringContaining("Cannot read attachment odd@eth0.json")]);
    expect([readdirSync(runDir), existsSync(`${bpfRoot}/bunkerd`)]).toEqual([[], false]);
    for (const netns of spaces) expect(inNetns(netns, () => sh("nft", "list", "ruleset"))).toBe("");
  },
);
