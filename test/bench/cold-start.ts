/** Cold start: from spawn to `/ready` with a certificate of a local controller, beside an empty program of the same runtime. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { compile } from "../../deploy/image/program.ts";
import { FakeAuthority } from "../fake/authority.ts";
import { FakeControlPlane } from "../fake/control-plane.ts";
import { median } from "./measurement.ts";

/** Milliseconds; the median of all rounds must not be above it. */
const GATE_MS = 60;
const ROUNDS = 11;
const ROOT = new URL("../..", import.meta.url).pathname;

/** Measures and prints; false where the gate is missed. */
export async function measureColdStart(say: (line: string) => void): Promise<boolean> {
  const dir = mkdtempSync(`${tmpdir()}/cold-start-`);
  const authority = new FakeAuthority("root.bench");
  const control = new FakeControlPlane(authority);
  try {
    await compile(`${ROOT}main.ts`, `${dir}/bunkerd`);
    writeFileSync(`${dir}/empty.ts`, 'process.stdout.write("x");\n');
    await compile(`${dir}/empty.ts`, `${dir}/empty`);
    mkdirSync(`${dir}/identity`);
    writeFileSync(`${dir}/token`, "token");
    const ours: number[] = [];
    const empty: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      empty.push(await emptyRound(`${dir}/empty`));
      ours.push(await proxyRound(dir, variables(dir, { authority, port: control.listener.port })));
    }
    // The first round reads both files from the disk.
    const [us, them] = [median(ours.slice(1)), median(empty.slice(1))];
    const passed = us <= GATE_MS;
    say(
      `cold-start: ready after ${us.toFixed(1)} ms (gate ${GATE_MS}), an empty program ends after ${them.toFixed(1)} ms, ${passed ? "passed" : "FAILED"}`,
    );
    return passed;
  } finally {
    control.stop();
    rmSync(dir, { recursive: true });
  }
}

function variables(
  dir: string,
  { authority, port }: { readonly authority: FakeAuthority; readonly port: number },
): Record<string, string> {
  const P = "LINKERD2_PROXY_";
  const control = `127.0.0.1:${port}`;
  return {
    [`${P}DESTINATION_SVC_ADDR`]: control,
    [`${P}DESTINATION_PROFILE_NETWORKS`]: "0.0.0.0/0,::/0",
    [`${P}POLICY_SVC_ADDR`]: control,
    [`${P}IDENTITY_SVC_ADDR`]: control,
    [`${P}POLICY_WORKLOAD`]: "bench",
    [`${P}IDENTITY_DIR`]: `${dir}/identity`,
    [`${P}IDENTITY_TRUST_ANCHORS`]: authority.anchorsPem,
    [`${P}IDENTITY_TOKEN_FILE`]: `${dir}/token`,
    [`${P}IDENTITY_LOCAL_NAME`]: "bench.proxy",
    [`${P}OUTBOUND_LISTEN_ADDRS`]: `127.0.0.1:${freePort()}`,
    [`${P}INBOUND_LISTEN_ADDR`]: `127.0.0.1:${freePort()}`,
    [`${P}LOG`]: "error",
  };
}

async function proxyRound(dir: string, env: Record<string, string>): Promise<number> {
  const port = freePort();
  const started = performance.now();
  const child = Bun.spawn([`${dir}/bunkerd`, "proxy"], {
    env: { ...env, LINKERD2_PROXY_ADMIN_LISTEN_ADDR: `127.0.0.1:${port}` },
    stdio: ["ignore", "inherit", "inherit"],
  });
  try {
    for (;;) {
      const ready = await isReady(port);
      const took = performance.now() - started;
      if (ready) return took;
      if (took > 10_000) throw new Error("Cannot measure: the proxy is not ready after 10 s");
      await Bun.sleep(1);
    }
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

/** By a plain socket: fetch has threads of its own, which would take the processor from what is measured. */
function isReady(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const no = (): void => resolve(false);
  Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (socket) =>
        void socket.write("GET /ready HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
      data: (socket, chunk) => {
        resolve(chunk.toString().startsWith("HTTP/1.1 200"));
        socket.end();
      },
      close: no,
      error: no,
      connectError: no,
    },
  }).catch(no);
  return promise;
}

async function emptyRound(program: string): Promise<number> {
  const started = performance.now();
  await Bun.spawn([program], { stdio: ["ignore", "ignore", "inherit"] }).exited;
  return performance.now() - started;
}

function freePort(): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { port } = server;
  void server.stop(true);
  return port ?? 0;
}
