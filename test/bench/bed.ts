/** Two network namespaces joined by a cable: load, one proxy and the peers in one; another proxy and the applications in the other. */

import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { $ } from "bun";
import { IMAGE_ENVIRONMENT } from "../../deploy/image/environment.ts";
import { compile } from "../../deploy/image/program.ts";
import { type HeapReport, reportPath } from "./heap-report.ts";
import { NAMES } from "./names.ts";
import {
  haproxyConfig,
  type NginxRole,
  nginxConfig,
  PORTS,
  REDIRECT_RULES,
  SERVER_IP,
} from "./peers.ts";
import { childOf } from "./process.ts";

/** Where a proxy runs: outbound on the client's side, inbound on the server's. */
export type Side = "client" | "server";
export const SIDES: readonly Side[] = ["client", "server"];
/** Proxies, ours and others', run on one core; load and applications on the other. */
const PROXY_CORE = "0";
const LOAD_CORE = "1";
const CLIENT_IP = "10.98.0.1";
/** What gives a program a processor whenever it wants one; others of the machine have what is left. */
export const FIRST: readonly string[] = ["chrt", "--rr"];
const READY_TIMEOUT_MS = 10_000;
const ROOT = new URL("../..", import.meta.url).pathname;
/** Files that applications serve, and their sizes in bytes. */
const FILES = { "1k": 1024, "10k": 10_240, "1m": 1_048_576, "8m": 8_388_608 } as const;

/** Whose CPU time a case counts. */
export type Measured = "nginx-http1" | "nginx-tcp" | "nginx-mtls" | "nghttpx" | "haproxy" | "ours";

/** What the runtime of our proxies tells: where its time goes, or what its heap holds (both run from their source). */
export type Watch = "nothing" | "profile" | "heap";

/** What may be on: the server's port is restricted, its proxy writes an access log, to nobody, both send spans. */
export type BedFeature = "restricted" | "access-log" | "traced";

let beds = 0;

/** The bed; processes that CPU time is read of are found by name. */
export class Bed {
  readonly dir: string = mkdtempSync(`${tmpdir()}/bench-`);
  readonly #prefix = `bunkerd-bench-${process.pid}-${beds++}`;
  readonly #on: readonly BedFeature[];
  readonly #children: Bun.Subprocess[] = [];
  /** By name and side. */
  readonly #pids = new Map<string, number>();

  constructor({ on = [] }: { readonly on?: readonly BedFeature[] } = {}) {
    this.#on = on;
  }

  /** Starts everything; `watch` is what the runtime of our proxies is asked to tell. */
  async start(watch: Watch = "nothing"): Promise<void> {
    mkdirSync(`${this.dir}/www`);
    await $`chmod 755 ${this.dir}`;
    for (const [name, size] of Object.entries(FILES))
      writeFileSync(`${this.dir}/www/${name}`, "a".repeat(size));
    await this.#wire();
    await this.#startControlPlanes();
    await this.#startPeers();
    await compile(`${ROOT}main.ts`, `${this.dir}/bunkerd`);
    await Promise.all(SIDES.map((side) => this.#startProxy(side, watch)));
  }

  /** The process whose time counts. */
  pidOf(who: Measured, side: Side = "client"): number {
    const pid = this.#pids.get(`${who}-${side}`);
    if (pid === undefined)
      throw new Error(`Cannot measure ${who}: it does not run on the ${side}'s side`);
    return pid;
  }

  /** Runs a load on the client's side, on the applications' core, and returns what it printed. */
  async load(command: readonly string[]): Promise<string> {
    return await new Response(this.serve("client", command).stdout).text();
  }

  /** Starts a load or an application on the applications' core. */
  serve(side: Side, command: readonly string[]): Bun.Subprocess<"ignore", "pipe", "inherit"> {
    return this.spawn(side, ["taskset", "-c", LOAD_CORE, ...command]);
  }

  /** Whether the proxy of a side says that it is ready. */
  async ready(side: Side): Promise<boolean> {
    const ask = this.spawn(side, ["curl", "-s", "-m5", "http://127.0.0.1:4191/ready"]);
    return (await new Response(ask.stdout).text()) === "ready\n";
  }

  /** Runs a program in a side's namespace. */
  spawn(side: Side, command: readonly string[]): Bun.Subprocess<"ignore", "pipe", "inherit"> {
    return Bun.spawn(["ip", "netns", "exec", this.#space(side), ...command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  /** What the heap of a proxy holds, where it is watched. */
  async heap(side: Side): Promise<HeapReport> {
    const path = reportPath(this.#identity(side));
    const read = (): HeapReport | undefined =>
      existsSync(path) ? (JSON.parse(readFileSync(path, "utf8") || "{}") as HeapReport) : undefined;
    const last = read()?.number ?? 0;
    process.kill(this.pidOf("ours", side), "SIGUSR2");
    await until(() => (read()?.number ?? 0) > last, "what a heap holds");
    return read() as HeapReport;
  }

  /** Where a proxy keeps its certificate: the one place where it may write. */
  #identity(side: Side): string {
    return `${this.dir}/identity-${side}`;
  }

  /** Ends our proxies, so that their profiles are written, and returns where each took its time. */
  async profiles(): Promise<Readonly<Record<Side, string>>> {
    const read = async (side: Side): Promise<string> => {
      process.kill(this.pidOf("ours", side), "SIGTERM");
      const file = `${this.#identity(side)}/profile.md`;
      await until(() => existsSync(file) && readFileSync(file).length > 0, "reading a profile");
      return readFileSync(file, "utf8");
    };
    return { client: await read("client"), server: await read("server") };
  }

  /**
   * Puts the bed's programs before whatever else runs here: a latency is to be theirs, not the machine's. The
   * applications that attacks go to stay behind, or they would hold up the others'; so do our proxies, which on a core
   * of their own would only go before the kernel's work for their sockets.
   */
  async goFirst(): Promise<void> {
    for (const [name, pid] of this.#pids)
      for (const each of /-app-|^ours/.test(name) ? [] : [pid, childOf(pid)])
        if (each !== undefined) await $`${FIRST} --all-tasks --pid 10 ${each}`.quiet();
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map(({ exited }) => exited));
    for (const pid of this.#pids.values()) await $`kill -9 ${pid}`.quiet().nothrow();
    for (const side of SIDES) await $`ip netns del ${this.#space(side)}`.nothrow();
    rmSync(this.dir, { recursive: true });
  }

  #space(side: Side): string {
    return `${this.#prefix}-${side}`;
  }

  async #wire(): Promise<void> {
    for (const side of SIDES) {
      await $`ip netns add ${this.#space(side)}`;
      await this.spawn(side, ["ip", "link", "set", "lo", "up"]).exited;
    }
    const [client, server] = [this.#space("client"), this.#space("server")];
    await $`ip link add eth0 netns ${client} type veth peer name eth0 netns ${server}`;
    for (const side of SIDES) {
      const address = side === "client" ? CLIENT_IP : SERVER_IP;
      await this.spawn(side, ["ip", "addr", "add", `${address}/24`, "dev", "eth0"]).exited;
      await this.spawn(side, ["ip", "link", "set", "eth0", "up"]).exited;
      writeFileSync(`${this.dir}/${side}.nft`, REDIRECT_RULES[side]);
      await this.spawn(side, ["nft", "-f", `${this.dir}/${side}.nft`]).exited;
    }
    await this.spawn("client", ["ip", "addr", "add", "10.99.0.0/24", "dev", "lo"]).exited;
  }

  async #startControlPlanes(): Promise<void> {
    const program = `${ROOT}test/bench/control-plane.ts`;
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writeFileSync(
      `${this.dir}/authority.key`,
      privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    );
    for (const side of SIDES) {
      const args = [this.dir, side, NAMES[side], NAMES.server, ...this.#on];
      this.#keep(side, "control-plane", ["bun", program, ...args]);
      await until(() => existsSync(`${this.dir}/control-port-${side}`), "control plane");
    }
  }

  async #startPeers(): Promise<void> {
    const files = { dir: this.dir, serverName: NAMES.server };
    const nginx = async (side: Side, role: NginxRole, core: string): Promise<void> => {
      const config = `${this.dir}/${side}-${role}.conf`;
      writeFileSync(config, nginxConfig(role, files).replaceAll(`/${role}.`, `/${side}-${role}.`));
      const command = ["taskset", "-c", core, "nginx", "-c", config];
      const master = this.#keep(side, `nginx-${role}-master`, command);
      await until(() => childOf(master) !== undefined, `nginx ${role}`);
      // A master that is killed leaves its worker.
      this.#pids.set(`nginx-${role}-${side}`, childOf(master) ?? 0);
    };
    for (const side of SIDES) {
      await nginx(side, "app", LOAD_CORE);
      await nginx(side, "other", LOAD_CORE);
      for (const [name, port] of [
        ["nghttpd-app", PORTS.http2App],
        ["nghttpd-other", PORTS.http2Other],
      ] as const) {
        const nghttpd = ["nghttpd", "--no-tls", "-d", `${this.dir}/www`, String(port)];
        this.#keep(side, name, ["taskset", "-c", LOAD_CORE, ...nghttpd]);
      }
      const config = `${this.dir}/haproxy-${side}.cfg`;
      writeFileSync(config, haproxyConfig(side === "client" ? "outbound" : "inbound", files));
      const haproxy = ["haproxy", "-db", "-f", config];
      this.#keep(side, "haproxy", ["taskset", "-c", PROXY_CORE, ...haproxy]);
    }
    await nginx("client", "http1", PROXY_CORE);
    await nginx("client", "tcp", PROXY_CORE);
    await nginx("client", "dial", LOAD_CORE);
    await nginx("server", "mtls", PROXY_CORE);
    const nghttpx = [
      "nghttpx",
      "--conf=/dev/null",
      "--single-process",
      "-n1",
      `-f127.0.0.1,${PORTS.http2Peer};no-tls`,
      `-b127.0.0.1,${PORTS.http2App};;proto=h2`,
      "--accesslog-file=/dev/null",
      `--errorlog-file=${this.dir}/nghttpx.log`,
    ];
    this.#keep("client", "nghttpx", ["taskset", "-c", PROXY_CORE, ...nghttpx]);
  }

  async #startProxy(side: Side, watch: Watch): Promise<void> {
    const addr = (name: string): string =>
      `127.0.0.1:${readFileSync(`${this.dir}/${name}-port-${side}`, "utf8")}`;
    const control = addr("control");
    const folder = this.#identity(side);
    mkdirSync(folder);
    await $`chown -R 2102 ${folder}`;
    writeFileSync(`${this.dir}/token`, "token");
    const P = "LINKERD2_PROXY_";
    const variables = {
      [`${P}DESTINATION_SVC_ADDR`]: control,
      [`${P}DESTINATION_PROFILE_NETWORKS`]: "0.0.0.0/0,::/0",
      [`${P}POLICY_SVC_ADDR`]: control,
      [`${P}IDENTITY_SVC_ADDR`]: control,
      [`${P}POLICY_WORKLOAD`]: side,
      [`${P}IDENTITY_DIR`]: folder,
      [`${P}IDENTITY_TRUST_ANCHORS`]: readFileSync(`${this.dir}/anchors-${side}.pem`, "utf8"),
      [`${P}IDENTITY_TOKEN_FILE`]: `${this.dir}/token`,
      [`${P}IDENTITY_LOCAL_NAME`]: NAMES[side],
      ...(this.#on.includes("access-log") && { [`${P}ACCESS_LOG`]: "json" }),
      ...(this.#on.includes("traced") && { [`${P}TRACE_COLLECTOR_SVC_ADDR`]: addr("collector") }),
      ...(watch === "heap" ? UNCOLLECTED : IMAGE_ENVIRONMENT),
    };
    const drop = ["setpriv", "--reuid=2102", "--clear-groups", "taskset", "-c", PROXY_CORE];
    const command = [
      "env",
      ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ];
    const source = [`${ROOT}main.ts`, "proxy"];
    const programs: Readonly<Record<Watch, readonly string[]>> = {
      nothing: [`${this.dir}/bunkerd`, "proxy"],
      profile: [...profiler(folder), ...source],
      heap: ["bun", "-r", HEAP_PRELOAD, ...source],
    };
    this.#keep(side, "ours", [...command, ...drop, ...programs[watch]]);
    await until(() => this.ready(side), `proxy on the ${side}'s side`);
  }

  #keep(side: Side, name: string, command: readonly string[]): number {
    const child = Bun.spawn(["ip", "netns", "exec", this.#space(side), ...command], {
      stdio: ["ignore", "ignore", this.#on.includes("access-log") ? "ignore" : "inherit"],
    });
    this.#children.push(child);
    this.#pids.set(`${name}-${side}`, child.pid);
    return child.pid;
  }
}

const HEAP_PRELOAD = new URL("heap-preload.ts", import.meta.url).pathname;

/** Nothing is collected before so much is allocated, nor by the clock. */
const UNCOLLECTED: Readonly<Record<string, string>> = {
  BUN_GC_TIMER_DISABLE: "1",
  BUN_JSC_percentCPUPerMBForEdenTimer: "0.000001",
  BUN_JSC_largeHeapSize: String(1024 * 1024 * 1024),
};

/** The runtime's profiler may write where the proxy keeps its certificate. */
const profiler = (folder: string): string[] => [
  "bun",
  "--cpu-prof-md",
  `--cpu-prof-dir=${folder}`,
  "--cpu-prof-name=profile.md",
  "--cpu-prof-interval=200",
];

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Cannot start ${what}: not ready in 10 s`);
    await Bun.sleep(50);
  }
}
