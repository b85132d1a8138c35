import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import type { Pod } from "#lib/k8s/types/core.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { nodeApi } from "../test/integration/redirect-api.ts";
import { CAN_REDIRECT, ScratchNode, until } from "../test/integration/redirect-node.ts";
import { type AgentSurroundings, type RunningAgent, startAgent } from "./agent.ts";
import { type AgentArgs, parseArgs } from "./args.ts";

const LIST = { cniVersion: "1.0.0", name: "net", plugins: [{ type: "bridge" }] };
const POD: Pod = {
  metadata: { namespace: "single", name: "web", uid: "u" },
  spec: { containers: [{ name: "linkerd-proxy" }] },
};

/** A clock whose waits are short, so that the agent looks often. */
const CLOCK = {
  ...systemClock,
  after: (ms: number, wake: () => void) => systemClock.after(Math.min(ms, 50), wake),
};

let node: ScratchNode;
let agent: RunningAgent | undefined;
const logs: string[] = [];
beforeEach(() => {
  if (!CAN_REDIRECT) return;
  node = new ScratchNode();
  logs.length = 0;
  mkdirSync(`${node.dir}/bin`);
  mkdirSync(`${node.dir}/conf`);
});
afterEach(() => {
  agent?.stop();
  agent = undefined;
  if (CAN_REDIRECT) node.stop();
});

function args(): AgentArgs {
  const parsed = parseArgs(
    [
      "--redirect=ebpf",
      `--cgroup-root=${node.cgroupRoot}`,
      `--bpf-root=${node.bpfRoot}`,
      `--cni-bin-dir=${node.dir}/bin`,
      `--cni-conf-dir=${node.dir}/conf`,
      `--run-dir=${node.dir}/run`,
      "--host-run-dir=/run/seen-by-the-host",
      "--admin-addr=127.0.0.1:0",
      "--node-name=node",
    ],
    {},
  );
  if (parsed.type !== "agent") throw new Error(`Cannot parse: ${JSON.stringify(parsed)}`);
  return parsed.args;
}

function surroundings(over: Partial<AgentSurroundings> = {}): AgentSurroundings {
  const write = (line: string): void => void logs.push(line);
  return {
    client: nodeApi([POD]),
    clock: CLOCK,
    random: Math.random,
    logger: createLogger({ filter: new LogFilter(), format: "plain", wall: () => 0, write }),
    shim: new TextEncoder().encode("shim"),
    has: () => false,
    nodeAddresses: () => [],
    ...over,
  };
}

const admin = async (path: string): Promise<[number, string]> => {
  const response = await fetch(`http://127.0.0.1:${agent?.adminPort}${path}`);
  return [response.status, await response.text()];
};

test.skipIf(!CAN_REDIRECT)(
  "startAgent() installs, serves, and says how it is (needs root)",
  async () => {
    agent = startAgent(args(), surroundings());
    expect((await admin("/ready"))[0]).toBe(503);
    expect(await admin("/live")).toEqual([200, "live\n"]);
    expect((await admin("/other"))[0]).toBe(404);
    await until(
      () => existsSync(`${node.dir}/run/namespaces`),
      () => logs.join("\n"),
    );
    expect(readFileSync(`${node.dir}/run/namespaces`, "utf8")).toBe("emojivoto\nsingle");
    writeFileSync(`${node.dir}/conf/10-net.conflist`, JSON.stringify(LIST));
    await until(
      async () => (await admin("/ready"))[0] === 200,
      () => logs.join("\n"),
      { withinMs: 8000 },
    );
    const config = readFileSync(`${node.dir}/conf/10-net.conflist`, "utf8");
    expect(JSON.parse(config)).toMatchObject({
      plugins: [{ type: "bridge" }, { type: "linkerd-cni", runDir: "/run/seen-by-the-host" }],
    });
    expect((await admin("/metrics"))[1]).toContain('linkerd_cni_redirect_info{kind="ebpf"} 1');
    for (const name of ["agent.sock", "namespaces"]) rmSync(`${node.dir}/run/${name}`);
    await until(
      () => ["agent.sock", "namespaces"].every((name) => existsSync(`${node.dir}/run/${name}`)),
      () => logs.join("\n"),
    );
    agent.stop();
    expect(existsSync(`${node.dir}/run/agent.sock`)).toBe(false);
    expect(existsSync(`${node.dir}/bin/linkerd-cni`)).toBe(true);
    expect(node.pins()).toHaveLength(12);
  },
);

test.skipIf(!CAN_REDIRECT)("a step that fails keeps no other of a look (needs root)", async () => {
  agent = startAgent(args(), surroundings());
  rmdirSync(`${node.cgroupRoot}/kubepods`);
  await until(
    () => logs.some((line) => line.includes("failed at one task")),
    () => logs.join("\n"),
  );
  writeFileSync(`${node.dir}/conf/10-net.conflist`, JSON.stringify(LIST));
  await until(
    async () => (await admin("/ready"))[0] === 200,
    () => logs.join("\n"),
  );
});

test.skipIf(!CAN_REDIRECT)("startAgent() says why it cannot (needs root)", () => {
  expect(() => startAgent(args(), surroundings({ shim: new Uint8Array() }))).toThrow(
    "this build has none",
  );
  expect(() => startAgent({ ...args(), cgroupRoot: "/nowhere" }, surroundings())).toThrow(
    "Cannot redirect on this node: ebpf: /nowhere has no cgroup2",
  );
});
