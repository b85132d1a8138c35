import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmdirSync, unlinkSync } from "node:fs";
import { spawn } from "bun";
import { closeAll, deleteElement, getObject, keysOf } from "#lib/sys/bpf.ts";
import { inNetns } from "#lib/sys/netns.ts";
import { isAttachedAt } from "../../bpf/attach.ts";
import { LAYOUT, podKey } from "../../bpf/layout.ts";
import { until } from "../../test/fake/mesh.ts";
import { CAN_REDIRECT, ScratchNode, sh } from "../../test/integration/redirect-node.ts";
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

function load(pods = "/kubepods"): Programs {
  const { bpfRoot, cgroupRoot } = node;
  const kubelet = `${cgroupRoot}/kubelet`;
  const programs = new Programs({ bpfRoot, pods: `${cgroupRoot}${pods}`, kubelet });
  programs.load();
  return programs;
}

/** Where a process runs. */
interface Home {
  readonly netns: string;
  readonly cgroup: string;
}

/** Starts a process of its own for a piece of JavaScript. */
function start({ netns, cgroup }: Home, code: string): Bun.Subprocess<"ignore", "pipe", "ignore"> {
  const enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
  return inNetns(netns, () =>
    spawn(["sh", "-c", enter, cgroup, "bun", "-e", code], { stdio: ["ignore", "pipe", "ignore"] }),
  );
}

test.skipIf(!CAN_REDIRECT)("add(), check() and remove() of a pod (needs root)", () => {
  const programs = load();
  expect(node.pins()).toHaveLength(12);
  const netns = node.namespace("a");
  const place = programs.add({ netns }, PLAN, SURROUNDINGS);
  expect(node.pins()).toContain(`in_${place.cookie}`);
  expect(programs.check(place, PLAN)).toBeUndefined();
  expect(programs.add({ netns }, PLAN, SURROUNDINGS)).toEqual(place);
  expect(programs.check({ netns }, PLAN)).toContain("has no cookie");
  expect(programs.check({ netns, cookie: 1n }, PLAN)).toContain("no entry");
  programs.remove(place);
  programs.remove(place);
  programs.remove({ netns });
  expect(node.pins()).toHaveLength(12);
  expect(() => programs.add({ netns: "/run/netns/absent" }, PLAN, SURROUNDINGS)).toThrow("ENOENT");
});

/** A kubelet that ends, with a socket that lives on in other hands, and the next one's cgroup. */
async function restartKubelet(): Promise<Bun.Subprocess> {
  const kubelet = `${node.cgroupRoot}/kubelet`;
  const live = `const { writeFileSync } = require("node:fs");
    const move = (to) => writeFileSync(to + "/cgroup.procs", String(process.pid));
    move("${kubelet}");
    require("node:net").createServer().listen(0, () => { move("${node.cgroupRoot}"); console.log("up"); });`;
  const child = spawn(["bun", "-e", live], { stdio: ["ignore", "pipe", "ignore"] });
  await child.stdout.getReader().read();
  // The memory of the process is counted there for a moment after it left.
  await until(
    () => removed(kubelet),
    () => "the cgroup is busy",
  );
  mkdirSync(kubelet);
  return child;
}

function removed(cgroup: string): boolean {
  try {
    rmdirSync(cgroup);
    return true;
  } catch {
    return false;
  }
}

const isAt = (program: string, cgroup: string): boolean =>
  isAttachedAt(`${pinsBelow(node.bpfRoot)}/l_${program}`, `${node.cgroupRoot}/${cgroup}`);

test.skipIf(!CAN_REDIRECT)("what an earlier agent attached is taken over (needs root)", () => {
  const place = load().add({ netns: node.namespace("a") }, PLAN, SURROUNDINGS);
  const programs = load();
  expect([programs.check(place, PLAN), programs.refresh()]).toEqual([undefined, false]);
  load("");
  expect([isAt("out4", ""), isAt("out4", "kubepods"), isAt("kubelet", "kubelet")]).toEqual([
    true,
    false,
    true,
  ]);
  unloadPrograms(node.bpfRoot);
  expect(existsSync(pinsBelow(node.bpfRoot))).toBe(false);
  const { bpfRoot } = node;
  const unloaded = new Programs({ bpfRoot, pods: "", kubelet: undefined });
  expect(unloaded.refresh()).toBe(false);
  unloaded.remove(place);
  expect(unloaded.collect(new Set())).toEqual([]);
  expect(() => unloaded.add(place, PLAN, SURROUNDINGS)).toThrow("Cannot open maps");
});

test.skipIf(!CAN_REDIRECT)(
  "the kubelet's program goes where the kubelet is, however often it restarts (needs root)",
  async () => {
    const programs = load();
    const old = await restartKubelet();
    try {
      expect(isAt("kubelet", "kubelet")).toBe(false);
      expect([programs.refresh(), programs.refresh()]).toEqual([true, false]);
      expect(isAt("kubelet", "kubelet")).toBe(true);
    } finally {
      old.kill("SIGKILL");
      await old.exited;
    }
    rmdirSync(`${node.cgroupRoot}/kubelet`);
    expect(programs.refresh()).toBe(false);
    mkdirSync(`${node.cgroupRoot}/kubelet`);
    expect([programs.refresh(), isAt("kubelet", "kubelet")]).toEqual([true, true]);
  },
);

test.skipIf(!CAN_REDIRECT)(
  "refresh() puts back programs and maps that are lost (needs root)",
  () => {
    const programs = load();
    const place = programs.add({ netns: node.namespace("a") }, PLAN, SURROUNDINGS);
    for (const name of ["l_out4", "m_pods"]) {
      unlinkSync(`${pinsBelow(node.bpfRoot)}/${name}`);
      expect(programs.check(place, PLAN)).toBeString();
      expect([programs.refresh(), programs.refresh()]).toEqual([true, false]);
      programs.add(place, PLAN, SURROUNDINGS);
      expect(programs.check(place, PLAN)).toBeUndefined();
    }
  },
);

/** How many entries pods have in a map of what is left alone. */
function entriesIn(map: "skip_ports" | "skip_cidr"): number {
  const fd = getObject(`${pinsBelow(node.bpfRoot)}/m_${map}`) ?? -1;
  const keys = keysOf(fd, map === "skip_ports" ? LAYOUT.port_key.size : LAYOUT.cidr_key.size);
  closeAll([fd]);
  return keys.length;
}

test.skipIf(!CAN_REDIRECT).each(["skip_ports", "skip_cidr", "listeners", "probes"])(
  "a pod is not whole where map %s was lost, until it is added again (needs root)",
  (map) => {
    const plan = { ...PLAN, skipSubnets: ["10.9.0.0/16"] };
    const counts = (): number[] => [entriesIn("skip_ports"), entriesIn("skip_cidr")];
    const first = load();
    const netns = node.namespace("a");
    const place = first.add({ netns }, plan, SURROUNDINGS);
    const before = counts();
    // By the agent that saw it, and by one that starts after it.
    for (const see of [() => first, load]) {
      unlinkSync(`${pinsBelow(node.bpfRoot)}/m_${map}`);
      const programs = see();
      programs.refresh();
      expect(programs.check(place, plan)).toContain("a map that is lost");
      expect(programs.add(place, plan, SURROUNDINGS)).toEqual(place);
      expect([programs.check(place, plan), counts()]).toEqual([undefined, before]);
    }
  },
);

test.skipIf(!CAN_REDIRECT)(
  "add() that fails takes nothing from a pod that runs (needs root)",
  () => {
    const programs = load();
    const netns = node.namespace("a");
    const wrong = { ...PLAN, skipSubnets: ["10.0.0.0/200"] };
    expect(() => programs.add({ netns }, wrong, SURROUNDINGS)).toThrow("EINVAL");
    expect(node.pins().filter((name) => name.startsWith("in_"))).toEqual([]);
    const place = programs.add({ netns }, PLAN, SURROUNDINGS);
    expect(() => programs.add(place, wrong, SURROUNDINGS)).toThrow("EINVAL");
    expect(programs.check(place, PLAN)).toBeUndefined();
  },
);

test.skipIf(!CAN_REDIRECT)("check() sees a proxy that no connection can reach (needs root)", () => {
  const programs = load();
  const netns = node.namespace("a");
  const place = programs.add({ netns }, PLAN, SURROUNDINGS);
  const listen = { hostname: "0.0.0.0", port: PLAN.inboundPort, socket: { data: () => undefined } };
  // Not in a cgroup of pods, so that nobody noted it.
  const proxy = inNetns(netns, () => Bun.listen(listen));
  expect(programs.check(place, PLAN)).toBeUndefined();
  const plan = { ...PLAN, uid: 0 };
  const asks = { left: 1 };
  expect(programs.check(place, plan, asks)).toContain("not in the map of listeners");
  // Only what takes long counts.
  expect(asks.left).toBe(1);
  expect(programs.check(place, plan, { left: 0 })).toBeUndefined();
  proxy.stop(true);
  expect([programs.check(place, plan), programs.check(place, plan, asks)]).toEqual([
    undefined,
    undefined,
  ]);
  expect(asks.left).toBe(0);
});

test.skipIf(!CAN_REDIRECT)(
  "a pod whose entry is lost has its listener again, unless its slot is taken (needs root)",
  async () => {
    const programs = load();
    const plan = { ...PLAN, uid: 0 };
    programs.add({ netns: node.namespace("first") }, plan, SURROUNDINGS);
    const netns = node.namespace("a");
    const place = programs.add({ netns }, plan, SURROUNDINGS);
    const proxy = start(
      { netns, cgroup: `${node.cgroupRoot}/kubepods` },
      `require("node:net").createServer().listen(4143, "0.0.0.0", () => console.log("up"))`,
    );
    const loseEntry = (): void => {
      const pods = getObject(`${pinsBelow(node.bpfRoot)}/m_pods`) ?? -1;
      deleteElement(pods, podKey(place.cookie ?? 0n));
      closeAll([pods]);
    };
    try {
      await proxy.stdout.getReader().read();
      expect([place.slot, node.listeners(), programs.check(place, plan)]).toEqual([
        1,
        1,
        undefined,
      ]);
      unlinkSync(`${pinsBelow(node.bpfRoot)}/m_skip_ports`);
      expect([programs.refresh(), programs.check(place, plan)]).toEqual([
        true,
        expect.stringContaining("a map that is lost"),
      ]);
      expect(programs.add(place, plan, SURROUNDINGS)).toEqual(place);
      expect([node.listeners(), programs.check(place, plan)]).toEqual([1, undefined]);
      loseEntry();
      expect(programs.add(place, plan, SURROUNDINGS)).toEqual(place);
      expect([node.listeners(), programs.check(place, plan)]).toEqual([1, undefined]);
      loseEntry();
      // The next pod of the slot must not be given the listener.
      expect(programs.add({ netns: node.namespace("b") }, plan, SURROUNDINGS).slot).toBe(1);
      expect([programs.add(place, plan, SURROUNDINGS).slot, node.listeners()]).toEqual([2, 0]);
      expect(programs.check(place, plan)).toContain("not in the map of listeners");
    } finally {
      proxy.kill("SIGKILL");
      await proxy.exited;
    }
  },
);

test.skipIf(!CAN_REDIRECT)("collect() removes what has gone (needs root)", async () => {
  const programs = load();
  const [kept, gone] = ["a", "b"].map((name) =>
    programs.add({ netns: node.namespace(name) }, PLAN, SURROUNDINGS),
  );
  node.deleteNamespace(gone?.netns ?? "");
  // The kernel takes a namespace down on a thread of its own.
  await until(
    () => programs.check(gone ?? { netns: "" }, PLAN)?.includes("no inbound program") === true,
    () => "the link still has its namespace",
  );
  expect(programs.collect(new Set([gone?.cookie ?? 0n]))).toEqual([]);
  expect(programs.collect(new Set())).toEqual([gone?.cookie ?? 0n]);
  expect(node.pins().filter((name) => name.startsWith("in_"))).toEqual([`in_${kept?.cookie}`]);
});

test.skipIf(!CAN_REDIRECT)("check() sees that a program of the mesh is gone (needs root)", () => {
  const programs = load();
  const place = programs.add({ netns: node.namespace("a") }, PLAN, SURROUNDINGS);
  unloadPrograms(node.bpfRoot);
  expect(programs.check(place, PLAN)).toContain("no entry in the map of pods");
});

/** Two namespaces joined by a wire; the second is a pod that serves on 8080 and has no proxy. */
async function wire(programs: Programs): Promise<{ host: string; app: Bun.Subprocess }> {
  const [host, pod] = [node.namespace("host"), node.namespace("pod")];
  const [left, right] = [host, pod].map((path) => path.slice(path.lastIndexOf("/") + 1));
  sh("ip", "-n", `${left}`, "link", "add", "v0", "type", "veth", "peer", "v1", "netns", `${right}`);
  for (const [name, device, ip] of [
    [left, "v0", "10.99.0.1"],
    [right, "v1", "10.99.0.2"],
  ]) {
    sh("ip", "-n", `${name}`, "addr", "add", `${ip}/24`, "dev", `${device}`);
    sh("ip", "-n", `${name}`, "link", "set", `${device}`, "up");
  }
  programs.add({ netns: pod }, PLAN, { ips: ["10.99.0.2"], probeSources: [] });
  const serve = `require("node:net").createServer((c) => c.end("app")).listen(8080, "0.0.0.0", () => console.log("up"))`;
  const app = start({ netns: pod, cgroup: node.cgroupRoot }, serve);
  await app.stdout.getReader().read();
  return { host, app };
}

/** What a process of a cgroup gets from the pod, from a port of its own choice. */
async function dial(from: Home, [port, to]: number[]): Promise<string> {
  const call = `require("node:net").connect({ host: "10.99.0.2", port: ${to}, localAddress: "10.99.0.1", localPort: ${port} })
    .on("data", (text) => console.log(String(text))).on("error", ({ code }) => console.log(code))`;
  return (await start(from, call).stdout.text()).trim();
}

test.skipIf(!CAN_REDIRECT)(
  "a probe of the kubelet's is let through as long as it lasts, and nobody after it (needs root)",
  async () => {
    const { host, app } = await wire(load());
    try {
      const kubelet = { netns: host, cgroup: `${node.cgroupRoot}/kubelet` };
      const other = { netns: host, cgroup: node.cgroupRoot };
      expect(await dial(other, [40_000, 8080])).toBe("ECONNREFUSED");
      expect(await dial(kubelet, [40_000, 8080])).toBe("app");
      expect(await dial(other, [40_000, 8080])).toBe("ECONNREFUSED");
      expect(await dial(kubelet, [40_001, 9999])).toBe("ECONNREFUSED");
      const probes = getObject(`${pinsBelow(node.bpfRoot)}/m_probes`) ?? -1;
      expect(keysOf(probes, 48)).toEqual([]);
      closeAll([probes]);
    } finally {
      app.kill("SIGKILL");
      await app.exited;
    }
  },
);
