import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, unlinkSync } from "node:fs";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { inNetns } from "#lib/sys/netns.ts";
import { CAN_REDIRECT, ScratchNode, sh } from "../test/integration/redirect-node.ts";
import { type Choice, chooseRedirection, type REDIRECTS } from "./apply/choose.ts";
import { pinsBelow, unloadPrograms } from "./apply/programs.ts";
import { Attachments } from "./attachments.ts";
import { Plugin, RUNNING } from "./plugin.ts";
import type { PodJudge, Verdict } from "./pods.ts";
import { planRedirect } from "./redirect/plan.ts";
import type { CniAnswer } from "./result.ts";
import { ASKS_AT_ONCE } from "./turns.ts";

const PLAN = planRedirect({ annotations: {}, namespaceAnnotations: {}, controlPlane: false });
const MESHED: Verdict = { type: "meshed", plan: PLAN };
const PREV = { ips: [{ address: "10.0.0.2/24", gateway: "10.0.0.1" }] };

let node: ScratchNode;
beforeEach(() => {
  if (CAN_REDIRECT) node = new ScratchNode();
});
afterEach(() => {
  if (CAN_REDIRECT) node.stop();
});

/** A plugin on the test's node, and a way to call it. */
class Bed {
  readonly logs: string[] = [];
  readonly attachments: Attachments;
  readonly plugin: Plugin;
  readonly choice: Choice;
  verdict: Verdict = MESHED;
  ready = true;

  constructor(asked: (typeof REDIRECTS)[number], over: Partial<Choice> = {}) {
    const { cgroupRoot, bpfRoot } = node;
    const has = (program: string): boolean => Bun.which(program) !== null;
    const choice = { ...chooseRedirection({ asked, cgroupRoot, bpfRoot, has }), ...over };
    this.choice = choice;
    const filter = new LogFilter();
    const write = (line: string): void => void this.logs.push(line);
    this.attachments = Attachments.load(`${node.dir}/attachments`, (error) => {
      throw error;
    });
    const bed = this;
    const pods: PodJudge = {
      get ready() {
        return bed.ready;
      },
      judge: () => Promise.resolve(bed.verdict),
    };
    const logger = createLogger({ filter, format: "plain", wall: () => 0, write });
    const nodeAddresses = (): string[] => ["192.0.2.9"];
    const { attachments } = this;
    this.plugin = new Plugin({ choice, pods, attachments, nodeAddresses, logger });
  }

  call(
    command: string,
    how: {
      readonly netns?: string;
      readonly container?: string;
      readonly ifname?: string;
      readonly args?: string;
      readonly config?: object;
    } = {},
  ): Promise<CniAnswer> {
    return this.plugin.handle({
      version: 1,
      command,
      containerId: how.container ?? "c1",
      netns: how.netns ?? "",
      ifname: how.ifname ?? "eth0",
      args: how.args ?? "K8S_POD_NAMESPACE=emojivoto;K8S_POD_NAME=web",
      path: "",
      config: JSON.stringify({ cniVersion: "1.0.0", prevResult: PREV, ...how.config }),
    });
  }

  podPins(): string[] {
    return node.pins().filter((name) => name.startsWith("in_"));
  }
}

test.skipIf(!CAN_REDIRECT)("ADD, CHECK, DEL in tier 1 (needs root)", async () => {
  const bed = new Bed("ebpf");
  const netns = node.namespace("a");
  const added = await bed.call("ADD", { netns });
  expect(added).toEqual({
    exit: 0,
    log: "redirected with ebpf",
    stdout: { cniVersion: "1.0.0", ...PREV },
  });
  expect(bed.podPins()).toHaveLength(1);
  expect((await bed.call("CHECK", { netns })).log).toBe("checked ebpf");
  expect((await bed.call("ADD", { netns })).exit).toBe(0);
  node.deleteNamespace(netns);
  expect((await bed.call("DEL")).log).toBe("removed");
  expect((await bed.call("DEL")).log).toBe("nothing was attached");
  expect([bed.podPins(), readdirSync(`${node.dir}/attachments`)]).toEqual([[], []]);
});

test.skipIf(!CAN_REDIRECT)(
  "DEL after a restart of the agent, and DEL of tier 2 (needs root)",
  async () => {
    const netns = node.namespace("a");
    await new Bed("nft").call("ADD", { netns });
    const [again, other] = [new Bed("ebpf"), node.namespace("b")];
    expect((await again.call("CHECK", { netns })).log).toBe("checked nft");
    await again.call("ADD", { netns: other, container: "c2" });
    const last = new Bed("nft");
    for (const container of ["c1", "c2"])
      expect((await last.call("DEL", { container })).log).toBe("removed");
    expect(inNetns(netns, () => sh("nft", "list", "ruleset"))).toBe("");
    expect(last.podPins()).toEqual([]);
  },
);

test.skipIf(!CAN_REDIRECT)("what is not meshed passes and is left alone (needs root)", async () => {
  const bed = new Bed("nft");
  bed.verdict = { type: "unmeshed", why: "it has no linkerd-proxy" };
  const netns = node.namespace("a");
  const added = await bed.call("ADD", { netns, config: { cniVersion: "0.4.0" } });
  expect(added.stdout).toEqual({ cniVersion: "0.4.0", ...PREV });
  expect((await bed.call("CHECK", { netns })).log).toContain("nothing to check");
  expect((await bed.call("ADD", { netns, args: "" })).log).toBe(
    "passed: it is no pod of Kubernetes",
  );
  expect(bed.attachments.list()).toEqual([]);
});

test.skipIf(!CAN_REDIRECT)(
  "a pod whose users are numbered apart is redirected by nft, or not at all (needs root)",
  async () => {
    const bed = new Bed("auto");
    bed.verdict = { type: "meshed", plan: { ...PLAN, hostUsers: false } };
    const netns = node.namespace("a");
    expect((await bed.call("ADD", { netns })).log).toBe("redirected with nft");
    expect(bed.podPins()).toEqual([]);
    const forced = new Bed("ebpf");
    forced.verdict = bed.verdict;
    const refused = await forced.call("ADD", { netns: node.namespace("b"), container: "c2" });
    expect(refused).toMatchObject({ exit: 1, log: expect.stringContaining("hostUsers: false") });
  },
);

test.skipIf(!CAN_REDIRECT)(
  "CHECK says what is missing, and repair() puts it back (needs root)",
  async () => {
    const bed = new Bed("nft");
    const netns = node.namespace("a");
    expect(await bed.call("CHECK", { netns })).toMatchObject({ exit: 1, stdout: { code: 101 } });
    await bed.call("ADD", { netns });
    expect(bed.plugin.repair()).toBe(0);
    inNetns(netns, () => sh("nft", "flush", "ruleset"));
    const checked = await bed.call("CHECK", { netns });
    expect(checked.stdout).toMatchObject({ code: 101 });
    expect(checked.log).toContain("no rule that redirects to 4143");
    expect(bed.plugin.repair()).toBe(1);
    expect((await bed.call("CHECK", { netns })).exit).toBe(0);
  },
);

test.skipIf(!CAN_REDIRECT)(
  "repair() takes the spare way where tier 1 cannot find the proxy (needs root)",
  async () => {
    const bed = new Bed("auto");
    bed.verdict = { type: "meshed", plan: { ...PLAN, uid: 0 } };
    const netns = node.namespace("a");
    await bed.call("ADD", { netns });
    expect([bed.podPins().length, bed.plugin.repair()]).toEqual([1, 0]);
    const listen = { hostname: "0.0.0.0", port: 4143, socket: { data: () => undefined } };
    const proxy = inNetns(netns, () => Bun.listen(listen));
    expect([bed.plugin.repair(), bed.plugin.repair()]).toEqual([1, 0]);
    proxy.stop(true);
    expect(bed.podPins()).toEqual([]);
    expect((await bed.call("CHECK", { netns })).log).toBe("checked nft");
    expect((await bed.call("DEL", { netns })).log).toBe("removed");
  },
);

test.skipIf(!CAN_REDIRECT)(
  "repair() asks about a few pods at a time whether their proxy listens (needs root)",
  async () => {
    const bed = new Bed("auto");
    bed.verdict = { type: "meshed", plan: { ...PLAN, uid: 0 } };
    const names = Array.from({ length: ASKS_AT_ONCE + 1 }, (_, at) => `n${at}`);
    const places = names.map((name) => node.namespace(name));
    for (const [at, netns] of places.entries())
      await bed.call("ADD", { netns, container: `c${at}` });
    const listen = { hostname: "0.0.0.0", port: 4143, socket: { data: () => undefined } };
    const proxy = inNetns(places.at(-1) ?? "", () => Bun.listen(listen));
    expect([1, 2, 3].map(() => bed.plugin.repair())).toEqual([0, 1, 0]);
    proxy.stop(true);
    expect(bed.attachments.list().map(({ kind }) => kind)).toEqual([
      ...names.slice(1).map(() => "ebpf" as const),
      "nft",
    ]);
  },
);

test.skipIf(!CAN_REDIRECT)("repair() counts only what is there after it (needs root)", async () => {
  const bed = new Bed("ebpf");
  await bed.call("ADD", { netns: node.namespace("a") });
  unlinkSync(`${pinsBelow(node.bpfRoot)}/l_out4`);
  expect(bed.plugin.repair()).toBe(0);
  expect(bed.logs.at(-1)).toContain("program out4 is not attached");
  bed.choice.programs.refresh();
  expect([bed.plugin.repair(), bed.logs.length]).toEqual([0, bed.logs.length]);
});

test.skipIf(!CAN_REDIRECT)(
  "GC keeps what is valid, and removes the rest (needs root)",
  async () => {
    const bed = new Bed("ebpf");
    for (const name of ["a", "b"])
      await bed.call("ADD", { netns: node.namespace(name), container: name });
    const valid = [{ containerID: "a", ifname: "eth0" }];
    const config = { cniVersion: "1.1.0", "cni.dev/valid-attachments": valid };
    expect(await bed.call("GC", { container: "", config })).toEqual({
      exit: 0,
      log: "collected 1",
    });
    expect(bed.attachments.list().map(({ containerId }) => containerId)).toEqual(["a"]);
    expect(bed.podPins()).toHaveLength(1);
  },
);

test.skipIf(!CAN_REDIRECT)(
  "namespaces that went while the agent was away are collected (needs root)",
  async () => {
    const bed = new Bed("nft");
    const netns = node.namespace("a");
    await bed.call("ADD", { netns });
    await bed.call("ADD", { netns: node.namespace("b"), container: "c2" });
    expect(bed.plugin.collectGone()).toBe(0);
    node.deleteNamespace(netns);
    expect([bed.plugin.repair(), bed.plugin.collectGone()]).toEqual([0, 1]);
    expect(bed.attachments.list().map(({ containerId }) => containerId)).toEqual(["c2"]);
  },
);

test.skipIf(!CAN_REDIRECT)(
  "tier 1 failing for a pod falls back in the same call (needs root)",
  async () => {
    const bed = new Bed("auto", { knowsKubelet: false });
    unloadPrograms(node.bpfRoot);
    mkdirSync(`${node.bpfRoot}/bunkerd`);
    const netns = node.namespace("a");
    expect((await bed.call("ADD", { netns })).log).toBe("redirected with nft");
    expect(bed.logs.join()).toContain("fell back for one pod");
    expect(bed.attachments.list()[0]?.surroundings).toEqual({
      ips: ["10.0.0.2"],
      probeSources: ["192.0.2.9", "10.0.0.1"],
    });
    const forced = new Bed("nft");
    expect(await forced.call("ADD", { netns: "/run/netns/absent" })).toMatchObject({
      exit: 1,
      stdout: { code: 11 },
    });
  },
);

test.skipIf(!CAN_REDIRECT)(
  "STATUS, VERSION, and a call that cannot be read (needs root)",
  async () => {
    const bed = new Bed("nft");
    expect(await bed.call("STATUS")).toEqual({ exit: 0, log: "ready" });
    bed.ready = false;
    expect((await bed.call("STATUS")).stdout).toMatchObject({ code: 50 });
    expect((await bed.call("VERSION")).stdout).toMatchObject({ cniVersion: "1.0.0" });
    const config = { cniVersion: "9.0.0" };
    expect((await bed.call("STATUS", { config })).stdout).toMatchObject({
      cniVersion: "9.0.0",
      code: 1,
    });
    expect(existsSync(`${node.dir}/attachments`)).toBe(true);
  },
);

test.skipIf(!CAN_REDIRECT)(
  "a pod on two networks stays redirected until the last DEL (needs root)",
  async () => {
    const bed = new Bed("ebpf");
    const netns = node.namespace("a");
    for (const ifname of ["eth0", "net1"]) await bed.call("ADD", { netns, ifname });
    expect((await bed.call("DEL", { netns, ifname: "net1" })).log).toBe("removed");
    expect((await bed.call("CHECK", { netns })).log).toBe("checked ebpf");
    expect((await bed.call("DEL", { netns })).log).toBe("removed");
    expect(bed.podPins()).toEqual([]);
  },
);

test.skipIf(!CAN_REDIRECT)(
  "what cannot be put on record is not redirected (needs root)",
  async () => {
    const bed = new Bed("ebpf");
    rmSync(`${node.dir}/attachments`, { recursive: true });
    const added = await bed.call("ADD", { netns: node.namespace("a") });
    expect(added.stdout).toMatchObject({ code: 11 });
    expect(bed.podPins()).toEqual([]);
  },
);

test.skipIf(!CAN_REDIRECT)(
  "a pod that runs already is redirected by tier 2, and goes as others do (needs root)",
  async () => {
    const bed = new Bed("auto");
    const netns = node.namespace("a");
    const target = {
      containerId: `${RUNNING}uid`,
      ifname: "eth0",
      netns,
      pod: "shop/web",
      ips: [],
    };
    bed.plugin.redirectRunning(target, PLAN);
    expect(bed.attachments.list()).toMatchObject([{ kind: "nft", pod: "shop/web" }]);
    expect(bed.podPins()).toEqual([]);
    expect((await bed.call("CHECK", { netns })).log).toBe("checked nft");
    // The runtime does not know the name that we gave the sandbox.
    expect((await bed.call("GC", { config: { "cni.dev/valid-attachments": [] } })).exit).toBe(0);
    expect(bed.attachments.list()).toHaveLength(1);
    expect((await bed.call("DEL", { netns })).log).toBe("removed");
    // Of a pod that calls were about, another network's end is not its own.
    await bed.call("ADD", { netns });
    expect((await bed.call("DEL", { netns, ifname: "net1" })).log).toBe("nothing was attached");
    const forced = new Bed("ebpf");
    expect(() => forced.plugin.redirectRunning(target, PLAN)).toThrow("delete the pod");
  },
);
