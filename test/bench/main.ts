/** `npm run bench -- http1 http2 tcp cold-start`: CPU time per request of one proxy and of its peer, interleaved, as a ratio. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { $ } from "bun";
import { measureColdStart } from "./cold-start.ts";
import { nginxConfig, PORTS, REDIRECT_RULES } from "./peers.ts";

/** What a case runs and where its gate is. */
interface Case {
  readonly gate: number;
  readonly peer: "nginx-http1" | "nghttpx" | "nginx-tcp";
  /** The load for so many seconds against a URL; prints how many requests were answered well. */
  readonly load: (url: string, seconds: number) => readonly string[];
  readonly ours: string;
  readonly theirs: string;
}

const wrk = (url: string, seconds: number): string[] => [
  "wrk",
  "-t1",
  "-c32",
  `-d${seconds}s`,
  url,
];
const h2load = (url: string, seconds: number): string[] => [
  "h2load",
  "-c8",
  "-m16",
  "--warm-up-time=0",
  `-D${seconds}`,
  url,
];
const CASES: Readonly<Record<string, Case>> = {
  http1: {
    gate: 1.8,
    peer: "nginx-http1",
    load: wrk,
    ours: "http://10.99.0.1/1k",
    theirs: `http://127.0.0.1:${PORTS.http1Peer}/1k`,
  },
  http2: {
    gate: 1.3,
    peer: "nghttpx",
    load: h2load,
    ours: "http://10.99.0.2/1k",
    theirs: `http://127.0.0.1:${PORTS.http2Peer}/1k`,
  },
  tcp: {
    gate: 1.3,
    peer: "nginx-tcp",
    load: wrk,
    ours: "http://10.99.0.3/1k",
    theirs: `http://127.0.0.1:${PORTS.tcpPeer}/1k`,
  },
};
const NEEDS = {
  nginx: "nginx-light libnginx-mod-stream",
  wrk: "wrk",
  h2load: "nghttp2-client",
  nghttpd: "nghttp2-server",
  nghttpx: "nghttp2-proxy",
  nft: "nftables",
  ip: "iproute2",
  setpriv: "util-linux",
};
const TICK_MICROS = 10_000;
const ROOT = new URL("../..", import.meta.url).pathname;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

class Bench {
  readonly #space = `bunkerd-bench-${process.pid}`;
  readonly #dir = mkdtempSync(`${tmpdir()}/bench-`);
  readonly #children: Bun.Subprocess[] = [];
  readonly pids: Record<string, number> = {};

  async start(): Promise<void> {
    mkdirSync(`${this.#dir}/www`);
    await $`chmod 755 ${this.#dir}`;
    writeFileSync(`${this.#dir}/www/1k`, "a".repeat(1024));
    await $`ip netns add ${this.#space}`;
    await this.#in("ip", "link", "set", "lo", "up").exited;
    await this.#in("ip", "addr", "add", "10.99.0.0/24", "dev", "lo").exited;
    writeFileSync(`${this.#dir}/rules.nft`, REDIRECT_RULES);
    await this.#in("nft", "-f", `${this.#dir}/rules.nft`).exited;
    for (const what of ["backend", "http1", "tcp"] as const) await this.#nginx(what);
    this.#keep(
      "taskset",
      "-c",
      "1",
      "nghttpd",
      "--no-tls",
      "-d",
      `${this.#dir}/www`,
      "-a",
      "127.0.0.1",
      String(PORTS.http2Backend),
    );
    const nghttpx = this.#keep(
      "taskset",
      "-c",
      "0",
      "nghttpx",
      "--conf=/dev/null",
      "--single-process",
      "-n1",
      `-f127.0.0.1,${PORTS.http2Peer};no-tls`,
      `-b127.0.0.1,${PORTS.http2Backend};;proto=h2`,
      "--accesslog-file=/dev/null",
      `--errorlog-file=${this.#dir}/nghttpx.log`,
    );
    this.pids["nghttpx"] = nghttpx.pid;
    this.#keep("bun", `${ROOT}test/bench/control-plane.ts`, this.#dir);
    await this.#until(() => existsSync(`${this.#dir}/control-port`), "control plane");
    await this.#proxy();
  }

  /** Microseconds of CPU per request over one round, or why it cannot be told. */
  async round(
    pid: number,
    command: readonly string[],
  ): Promise<{ readonly micros: number; readonly requests: number }> {
    const before = cpuTicks(pid);
    const run = this.#in("taskset", "-c", "1", ...command);
    const text = await new Response(run.stdout as ReadableStream).text();
    const ticks = cpuTicks(pid) - before;
    const requests = Number(
      /(\d+) requests in/.exec(text)?.[1] ?? /(\d+) succeeded/.exec(text)?.[1] ?? 0,
    );
    const bad = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(text)?.[0];
    if (bad !== undefined || requests === 0) throw new Error(`Cannot measure: ${bad ?? text}`);
    return { micros: (ticks * TICK_MICROS) / requests, requests };
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map(({ exited }) => exited));
    for (const pid of Object.values(this.pids)) await $`kill -9 ${pid}`.quiet().nothrow();
    await $`ip netns del ${this.#space}`.nothrow();
    rmSync(this.#dir, { recursive: true });
  }

  async #nginx(what: "backend" | "http1" | "tcp"): Promise<void> {
    writeFileSync(`${this.#dir}/${what}.conf`, nginxConfig(this.#dir, what));
    const core = what === "backend" ? "1" : "0";
    const child = this.#keep("taskset", "-c", core, "nginx", "-c", `${this.#dir}/${what}.conf`);
    await this.#until(() => childOf(child.pid) !== undefined, `nginx ${what}`);
    const worker = childOf(child.pid) ?? 0;
    this.pids[`nginx-${what}`] = worker;
  }

  async #proxy(): Promise<void> {
    const control = `127.0.0.1:${readFileSync(`${this.#dir}/control-port`, "utf8")}`;
    writeFileSync(`${this.#dir}/token`, "token");
    mkdirSync(`${this.#dir}/identity`);
    await $`chown -R 2102 ${this.#dir}/identity`;
    const P = "LINKERD2_PROXY_";
    const variables = {
      [`${P}DESTINATION_SVC_ADDR`]: control,
      [`${P}POLICY_SVC_ADDR`]: control,
      [`${P}IDENTITY_SVC_ADDR`]: control,
      [`${P}POLICY_WORKLOAD`]: "bench",
      [`${P}IDENTITY_DIR`]: `${this.#dir}/identity`,
      [`${P}IDENTITY_TRUST_ANCHORS`]: readFileSync(`${this.#dir}/anchors.pem`, "utf8"),
      [`${P}IDENTITY_TOKEN_FILE`]: `${this.#dir}/token`,
      [`${P}IDENTITY_LOCAL_NAME`]: "bench.proxy",
    };
    await $`bun build --compile --splitting --minify --bytecode --format=esm --outfile=${this.#dir}/bunkerd ${ROOT}main.ts`.quiet();
    const command = [
      "setpriv",
      "--reuid=2102",
      "--clear-groups",
      "taskset",
      "-c",
      "0",
      `${this.#dir}/bunkerd`,
      "proxy",
    ];
    const child = Bun.spawn(["ip", "netns", "exec", this.#space, ...command], {
      env: { ...variables, PATH: `${Bun.env["PATH"]}` },
      stdio: ["ignore", "inherit", "inherit"],
    });
    this.#children.push(child);
    this.pids["ours"] = child.pid;
    const ready = async (): Promise<boolean> =>
      (await new Response(
        this.#in("curl", "-s", "http://127.0.0.1:4191/ready").stdout as ReadableStream,
      ).text()) === "ready\n";
    await this.#until(ready, "proxy");
  }

  #in(...command: readonly string[]): Bun.Subprocess<"ignore", "pipe", "inherit"> {
    return Bun.spawn(["ip", "netns", "exec", this.#space, ...command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  #keep(...command: readonly string[]): Bun.Subprocess {
    const child = Bun.spawn(["ip", "netns", "exec", this.#space, ...command], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    this.#children.push(child);
    return child;
  }

  async #until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`Cannot start ${what}: not ready in 10 s`);
      await Bun.sleep(50);
    }
  }
}

/** User and system time of a process in clock ticks. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

/** The first child of a process. */
function childOf(pid: number): number | undefined {
  const text = existsSync(`/proc/${pid}/task/${pid}/children`)
    ? readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    : "";
  const [first] = text
    .trim()
    .split(" ")
    .filter((each) => each !== "");
  return first === undefined ? undefined : Number(first);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function main(): Promise<number> {
  const asked = process.argv.slice(2).filter((word) => !word.startsWith("--"));
  const cold = asked.length === 0 || asked.includes("cold-start");
  const started = !cold || (await measureColdStart(say));
  if (asked.length === 1 && cold) return started ? 0 : 1;
  return (await ratios(asked)) && started ? 0 : 1;
}

async function ratios(asked: readonly string[]): Promise<boolean> {
  const full = process.argv.includes("--full");
  const names = asked.filter((name) => name in CASES);
  const missing = Object.entries(NEEDS).filter(([program]) => Bun.which(program) === null);
  if (missing.length > 0) {
    say(
      `Cannot measure: as root run apt-get install -y ${missing.map(([, name]) => name).join(" ")}`,
    );
    return false;
  }
  const bench = new Bench();
  let failed = 0;
  try {
    await bench.start();
    for (const name of names.length > 0 ? names : Object.keys(CASES))
      if (
        !(await measure(bench, name, full ? { rounds: 7, seconds: 10 } : { rounds: 3, seconds: 2 }))
      )
        failed++;
  } finally {
    await bench.stop();
  }
  return failed === 0;
}

async function measure(
  bench: Bench,
  name: string,
  how: { rounds: number; seconds: number },
): Promise<boolean> {
  const { gate, peer, load, ours, theirs } = CASES[name] as Case;
  const [us, them] = [bench.pids["ours"] ?? 0, bench.pids[peer] ?? 0];
  await bench.round(us, load(ours, 3));
  await bench.round(them, load(theirs, 1));
  const ratios: number[] = [];
  for (let round = 0; round < how.rounds; round++) {
    const a = await bench.round(us, load(ours, how.seconds));
    const b = await bench.round(them, load(theirs, how.seconds));
    ratios.push(a.micros / b.micros);
    say(
      `${name}: ours ${a.micros.toFixed(1)} µs, ${peer} ${b.micros.toFixed(1)} µs per request (${a.requests}, ${b.requests})`,
    );
  }
  const ratio = median(ratios);
  const passed = ratio <= gate;
  say(`${name}: ${ratio.toFixed(2)}× ${peer} (gate ${gate}), ${passed ? "passed" : "FAILED"}`);
  return passed;
}

process.exitCode = await main();
