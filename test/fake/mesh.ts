/** Two proxies and a control plane in this process, on loopback; what redirection would do, tests say by hand. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import { isListenedOn, listenedPorts } from "#lib/sys/listening-port.ts";
import { processUsage } from "#lib/sys/process-usage.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock } from "#lib/time/clock.ts";
import { startProxy } from "../../proxy/app.ts";
import { readConfig } from "../../proxy/config/read.ts";
import type { RunningProxy } from "../../proxy/running-proxy.ts";
import { FakeAuthority } from "./authority.ts";
import { FakeControlPlane } from "./control-plane.ts";

const P = "LINKERD2_PROXY_";

/** A proxy of a mesh, and where it thinks its connections were going. */
export interface FakePod {
  readonly proxy: RunningProxy;
  readonly name: string;
  readonly logs: readonly string[];
  /** What the kernel would say of every connection to its listeners. */
  target: SocketAddr | undefined;
}

/** A mesh for one test. */
export class FakeMesh {
  readonly authority: FakeAuthority = new FakeAuthority("root.mesh");
  readonly control: FakeControlPlane = new FakeControlPlane(this.authority);
  readonly #dir: string = mkdtempSync(`${tmpdir()}/mesh-`);
  readonly #pods: FakePod[] = [];
  readonly #clock: Clock;
  readonly #random: () => number;

  /** All proxies live by this clock and this chance. */
  constructor(clock: Clock = systemClock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Where a proxy keeps its key. */
  dirOf(pod: FakePod): string {
    return `${this.#dir}/${pod.name}-${this.#pods.indexOf(pod)}`;
  }

  /** Starts a proxy and waits until it is ready. */
  async start(name: string, over: Readonly<Record<string, string>> = {}): Promise<FakePod> {
    const dir = `${this.#dir}/${name}-${this.#pods.length}`;
    writeFileSync(`${this.#dir}/token`, "token");
    const control = `127.0.0.1:${this.control.listener.port}`;
    const result = readConfig({
      [`${P}DESTINATION_SVC_ADDR`]: control,
      [`${P}DESTINATION_PROFILE_NETWORKS`]: "0.0.0.0/0,::/0",
      [`${P}POLICY_SVC_ADDR`]: control,
      [`${P}IDENTITY_SVC_ADDR`]: control,
      [`${P}POLICY_WORKLOAD`]: `{"ns":"test","pod":"${name}"}`,
      [`${P}IDENTITY_DIR`]: dir,
      [`${P}IDENTITY_TRUST_ANCHORS`]: this.authority.anchorsPem,
      [`${P}IDENTITY_TOKEN_FILE`]: `${this.#dir}/token`,
      [`${P}IDENTITY_LOCAL_NAME`]: name,
      [`${P}OUTBOUND_LISTEN_ADDR`]: "127.0.0.1:0",
      [`${P}INBOUND_LISTEN_ADDR`]: "127.0.0.1:0",
      [`${P}ADMIN_LISTEN_ADDR`]: "127.0.0.1:0",
      ...over,
    });
    if (result.type === "errors") throw new Error(result.errors.join("; "));
    const logs: string[] = [];
    const pod: { target: SocketAddr | undefined } = { target: undefined };
    const proxy = await startProxy(result.config, {
      clock: this.#clock,
      random: this.#random,
      write: (line) => logs.push(line),
      variables: {},
      version: "test",
      askKernel: () => pod.target,
      isListenedOn,
      listenedPorts,
      readFile: async (path) => new Uint8Array(await Bun.file(path).arrayBuffer()),
      usage: processUsage,
    });
    const started = Object.assign(pod, { name, logs, proxy });
    this.#pods.push(started);
    this.control.openPorts.add(proxy.adminPort);
    await until(
      () => proxy.ready,
      () => `${name} is not ready: ${logs.join("\n")}`,
    );
    return started;
  }

  /** One metric of a proxy, summed over the series whose labels contain the text; what asks for metrics counts by policy alone. */
  async metric(pod: FakePod, name: string, labels = ""): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${pod.proxy.adminPort}/metrics`);
    const own = `target_port="${pod.proxy.adminPort}"`;
    const counts = (line: string): boolean => name.startsWith("inbound_") || !line.includes(own);
    const lines = (await response.text()).split("\n").filter(counts);
    const found = lines.filter(
      (line) =>
        (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(labels),
    );
    return found.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#pods.map(({ proxy }) => proxy.drain()));
    this.control.stop();
    rmSync(this.#dir, { recursive: true });
  }
}

/** Waits for a condition, at most 5 seconds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  why: () => string,
): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Cannot wait longer: ${why()}`);
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until a figure has been the same for a while: whatever it counts has come to a stop. */
export async function settled(figure: () => number): Promise<number> {
  let [last, since] = [-1, 0];
  await until(
    () => {
      since = figure() === last ? since + 1 : 0;
      last = figure();
      return since > 20;
    },
    () => `it still moves: ${last}`,
  );
  return last;
}
