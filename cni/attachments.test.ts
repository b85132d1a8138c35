import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { type Attachment, Attachments } from "./attachments.ts";

const ONE: Attachment = {
  containerId: "c1",
  ifname: "eth0",
  pod: "emojivoto/web",
  kind: "ebpf",
  place: { netns: "/run/netns/a", cookie: 4_294_967_297_000_001n, slot: 3 },
  plan: {
    uid: 2102,
    inboundPort: 4143,
    outboundPort: 4140,
    skipInbound: [],
    skipOutbound: [],
    skipSubnets: [],
  },
  surroundings: { ips: ["10.0.0.2"], probeSources: [] },
};
const fault = (error: Error): void => {
  throw error;
};

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/attachments-`);
});
afterEach(() => rmSync(folder, { recursive: true }));

test("H9: Attachments outlive the agent, cookies and all", () => {
  const first = Attachments.load(`${folder}/new`, fault);
  const other = { ...ONE, containerId: "c2", kind: "nft" as const, place: { netns: "/n" } };
  first.put(ONE);
  first.put(other);
  const again = Attachments.load(`${folder}/new`, fault);
  expect(again.get({ containerId: "c1", ifname: "eth0" })).toEqual(ONE);
  expect(again.list()).toHaveLength(2);
  again.delete(ONE);
  again.delete(ONE);
  expect(readdirSync(`${folder}/new`)).toEqual(["c2@eth0.json"]);
  expect(again.list()).toEqual([other]);
});

test("Attachments report a file they cannot read, and go on", () => {
  writeFileSync(`${folder}/bad@eth0.json`, "{");
  writeFileSync(`${folder}/unfinished@eth0.json.new`, "{");
  const faults: string[] = [];
  Attachments.load(folder, (error) => faults.push(error.message)).put(ONE);
  expect(faults).toEqual([expect.stringContaining("Cannot read attachment bad@eth0.json")]);
});
