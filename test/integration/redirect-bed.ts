/** A node with the real agent, the real shim after Debian's bridge, real proxies, and a control plane in each pod. */

import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { type Subprocess, spawn, spawnSync } from "bun";
import type { Pod } from "#lib/k8s/types/core.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { inNetns } from "#lib/sys/netns.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { type RunningAgent, startAgent } from "../../cni/agent.ts";
import { parseArgs } from "../../cni/args.ts";
import { embedShim } from "../../cni/shim/build.ts";
import { FakeAuthority } from "../fake/authority.ts";
import { FakeControlPlane } from "../fake/control-plane.ts";
import { nodeApi } from "./redirect-api.ts";
import { ScratchNode, until } from "./redirect-node.ts";
import { type CniOutcome, callChain, type RuntimeCall } from "./redirect-runtime.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const APP = `${ROOT}test/integration/redirect-app.ts`;
/** Where Debian has the reference plugins. */
const PLUGINS = "/usr/lib/cni";
const PROXY_UID = 2102;
const P = "LINKERD2_PROXY_";

/** Whether the programs are there that a bed needs beside those of a node. */
export const CAN_MAKE_BED: boolean = [`${PLUGINS}/bridge`, "setpriv", "clang", "nft"].every(
  (program) => Bun.which(program) !== null,
);

/** The proxy as users run it: compiled, and readable for its uid. Made once a test file. */
export function compileProxy(dir: string): string {
  const out = `${dir}/bunkerd`;
  const built = spawnSync([
    "bun",
    "build",
    "--compile",
    "--splitting",
    "--minify",
    "--format=esm",
    `--outfile=${out}`,
    `${ROOT}main.ts`,
  ]);
  if (built.exitCode !== 0) throw new Error(`Cannot compile: ${built.stderr.toString()}`);
  chmodSync(out, 0o755);
  return out;
}

/** A pod on the bed. */
export interface BedPod {
  readonly name: string;
  readonly netns: string;
  readonly cgroup: string;
  readonly ip: string;
  readonly ip6: string;
  readonly control: FakeControlPlane;
  /** The result that its runtime keeps for CHECK and DEL. */
  readonly result: unknown;
}

/** The bed. */
export class RedirectBed {
  readonly node: ScratchNode = new ScratchNode();
  readonly logs: string[] = [];
  readonly authority: FakeAuthority = new FakeAuthority("root.mesh");
  readonly #host: string = this.node.namespace("host");
  readonly #children: Subprocess[] = [];
  readonly #objects: Pod[] = [];
  readonly #redirect: string;
  agent: RunningAgent | undefined;

  constructor(redirect: "auto" | "ebpf" | "nft" | "iptables") {
    this.#redirect = redirect;
    chmodSync(this.node.dir, 0o755);
    for (const name of ["bin", "conf", "ipam"]) mkdirSync(`${this.node.dir}/${name}`);
    const ranges = [[{ subnet: "10.88.0.0/24" }], [{ subnet: "fd88::/64" }]];
    const ipam = { type: "host-local", dataDir: `${this.node.dir}/ipam`, ranges };
    const bridge = { type: "bridge", bridge: "cni0", isDefaultGateway: true, ipam };
    const list = { cniVersion: "1.0.0", name: "net", plugins: [bridge] };
    writeFileSync(`${this.node.dir}/conf/10-net.conflist`, JSON.stringify(list));
    writeFileSync(`${this.node.dir}/token`, "token");
  }

  get runDir(): string {
    return `${this.node.dir}/run`;
  }

  /** Starts the agent and waits until the runtime would call its plugin. */
  async startAgent(): Promise<void> {
    const { dir, cgroupRoot, bpfRoot } = this.node;
    const parsed = parseArgs(
      [
        `--redirect=${this.#redirect}`,
        `--cgroup-root=${cgroupRoot}`,
        `--bpf-root=${bpfRoot}`,
        `--cni-bin-dir=${dir}/bin`,
        `--cni-conf-dir=${dir}/conf`,
        `--run-dir=${this.runDir}`,
        "--admin-addr=127.0.0.1:0",
        "--node-name=node",
      ],
      {},
    );
    if (parsed.type !== "agent") throw new Error(`Cannot start agent: ${JSON.stringify(parsed)}`);
    const filter = new LogFilter();
    const write = (line: string): void => void this.logs.push(line);
    const agent = startAgent(parsed.args, {
      client: nodeApi(this.#objects),
      clock: systemClock,
      random: Math.random,
      logger: createLogger({ filter, format: "plain", wall: () => systemClock.wall(), write }),
      shim: Buffer.from(embedShim(), "base64"),
      has: (program) => Bun.which(program) !== null,
      nodeAddresses: () => [],
    });
    this.agent = agent;
    await until(
      async () => (await fetch(`http://127.0.0.1:${agent.adminPort}/ready`)).ok,
      () => `the agent is not ready: ${this.logs.join("\n")}`,
    );
  }

  /** Makes a pod's namespace and cgroup and calls the chain, as a runtime does. */
  async addPod(
    name: string,
    containers: readonly string[],
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<BedPod> {
    const metadata = { namespace: "emojivoto", name, uid: `uid-${name}` };
    this.#objects.push({
      metadata: { ...metadata, annotations: { ...annotations } },
      spec: { containers: containers.map((each) => ({ name: each })) },
    });
    const cgroup = `${this.node.cgroupRoot}/kubepods/${name}`;
    mkdirSync(cgroup);
    const netns = this.node.namespace(name);
    const outcome = await this.chain("ADD", { name, netns });
    if (outcome.exit !== 0) throw new Error(`Cannot add ${name}: ${outcome.stdout}`);
    const result = JSON.parse(outcome.stdout) as {
      readonly ips: readonly { readonly address: string }[];
    };
    const [ip = "", ip6 = ""] = result.ips.map(({ address }) => address.split("/", 1)[0]);
    const control = inNetns(netns, () => new FakeControlPlane(this.authority));
    return { name, netns, cgroup, ip, ip6, control, result };
  }

  /** Calls the chain for a pod's sandbox. */
  async chain(command: string, sandbox: Omit<RuntimeCall, "command">): Promise<CniOutcome> {
    const { dir } = this.node;
    const runtime = { netns: this.#host, binDirs: [`${dir}/bin`, PLUGINS] };
    return await callChain(
      { ...runtime, conflist: `${dir}/conf/10-net.conflist` },
      { ...sandbox, command },
    );
  }

  /** Starts the application's server in a pod. */
  async serveApp(pod: BedPod, port: number): Promise<void> {
    const child = this.#spawn(pod, { command: ["bun", APP, "serve", String(port)] });
    await lineOf(child);
  }

  /** Starts the pod's proxy as its uid, without any capability. */
  startProxy(pod: BedPod, program: string): Subprocess {
    const identity = `${this.node.dir}/identity-${pod.name}`;
    mkdirSync(identity);
    chownSync(identity, PROXY_UID, PROXY_UID);
    const control = `127.0.0.1:${pod.control.listener.port}`;
    const env = {
      [`${P}DESTINATION_SVC_ADDR`]: control,
      [`${P}DESTINATION_PROFILE_NETWORKS`]: "0.0.0.0/0,::/0",
      [`${P}POLICY_SVC_ADDR`]: control,
      [`${P}IDENTITY_SVC_ADDR`]: control,
      [`${P}POLICY_WORKLOAD`]: `{"ns":"emojivoto","pod":"${pod.name}"}`,
      [`${P}IDENTITY_DIR`]: identity,
      [`${P}IDENTITY_TRUST_ANCHORS`]: this.authority.anchorsPem,
      [`${P}IDENTITY_TOKEN_FILE`]: `${this.node.dir}/token`,
      [`${P}IDENTITY_LOCAL_NAME`]: pod.name,
      [`${P}INBOUND_IPS`]: `${pod.ip},${pod.ip6}`,
      [`${P}OUTBOUND_LISTEN_ADDRS`]: "127.0.0.1:4140,[::1]:4140",
      BUNKERD_PROXY_CAPTURE_PROOF: "true",
    };
    const ids = [`--reuid=${PROXY_UID}`, `--regid=${PROXY_UID}`, "--clear-groups"];
    const command = ["setpriv", ...ids, "--bounding-set=-all", "--inh-caps=-all", program, "proxy"];
    return this.#spawn(pod, { command, env });
  }

  /** What a client in a pod gets: `200 called by …`, or `failed …`. */
  async get(
    pod: BedPod,
    url: string,
    { mode = "get" }: { readonly mode?: "get" | "loop" } = {},
  ): Promise<string> {
    const child = this.#spawn(pod, { command: ["bun", APP, mode, url] });
    return (await child.stdout.text()).trimEnd();
  }

  /** The sum of a metric of a pod's proxy over the series whose labels contain a text, but those of its own port. */
  async metric(pod: BedPod, name: string, labels: string): Promise<number> {
    const text = await this.get(pod, "http://127.0.0.1:4191/metrics");
    return text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
      .filter((line) => !line.includes('target_port="4191"'))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  /** What a client gets whose connections the node takes for the kubelet's. */
  async getAsKubelet(url: string): Promise<string> {
    const cgroup = `${this.node.cgroupRoot}/kubelet`;
    const child = this.#spawn({ netns: this.#host, cgroup }, { command: ["bun", APP, "get", url] });
    return (await child.stdout.text()).trimEnd();
  }

  /** The readiness of a pod's proxy, each time it changes: `200`, `503`, `failed`. */
  watchReady(pod: BedPod): ReadonlyArray<string> {
    const seen: string[] = [];
    const child = this.#spawn(pod, {
      command: ["bun", APP, "watch", "http://127.0.0.1:4191/ready"],
    });
    collectLines(child, seen).catch((error: unknown) => seen.push(String(error)));
    return seen;
  }

  async stop(): Promise<void> {
    this.agent?.stop();
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map(({ exited }) => exited));
    this.node.stop();
  }

  #spawn(
    { netns, cgroup }: Pick<BedPod, "netns" | "cgroup">,
    how: { readonly command: readonly string[]; readonly env?: Readonly<Record<string, string>> },
  ): Subprocess<"ignore", "pipe"> {
    const enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
    const child = inNetns(netns, () =>
      spawn(["sh", "-c", enter, cgroup, ...how.command], {
        cwd: ROOT,
        stdio: ["ignore", "pipe", Bun.file(`${this.node.dir}/stderr`)],
        env: { PATH: `${Bun.env["PATH"]}`, ...how.env },
      }),
    );
    this.#children.push(child);
    return child;
  }
}

async function lineOf(child: Subprocess<"ignore", "pipe">): Promise<string> {
  const lines: string[] = [];
  await collectLines(child, lines, 1);
  return lines[0] ?? "nothing was said";
}

async function collectLines(
  child: Subprocess<"ignore", "pipe">,
  into: string[],
  limit: number = Number.POSITIVE_INFINITY,
): Promise<void> {
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const parts = (text + chunk).split("\n");
    text = parts.pop() ?? "";
    into.push(...parts);
    if (into.length >= limit) return;
  }
}
