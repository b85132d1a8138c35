import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { getsockopt, LibcBuffer } from "#lib/sys/libc.ts";
import { isListenedOn, listenedPorts } from "#lib/sys/listening-port.ts";
import { processUsage } from "#lib/sys/process-usage.ts";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { FakeMesh } from "../test/fake/mesh.ts";
import { startProxy } from "./app.ts";
import { readConfig } from "./config/read.ts";
import type { Surroundings } from "./surroundings.ts";

const P = "LINKERD2_PROXY_";
const mesh = new FakeMesh();
const dir = mkdtempSync(`${tmpdir()}/app-`);
afterAll(async () => {
  await mesh.stop();
  rmSync(dir, { recursive: true });
});

/** A proxy that finds nobody to certify it, and what it logs. */
function start(
  variables: Readonly<Record<string, string>>,
  around: Partial<Surroundings> = {},
): { readonly lines: string[]; readonly started: ReturnType<typeof startProxy> } {
  const nowhere = "127.0.0.1:1";
  const result = readConfig({
    [`${P}DESTINATION_SVC_ADDR`]: nowhere,
    [`${P}POLICY_SVC_ADDR`]: nowhere,
    [`${P}IDENTITY_SVC_ADDR`]: nowhere,
    [`${P}POLICY_WORKLOAD`]: "{}",
    [`${P}IDENTITY_DIR`]: dir,
    [`${P}IDENTITY_TRUST_ANCHORS`]: mesh.authority.anchorsPem,
    [`${P}IDENTITY_TOKEN_FILE`]: `${dir}/token`,
    [`${P}IDENTITY_LOCAL_NAME`]: "app.test",
    [`${P}OUTBOUND_LISTEN_ADDR`]: "127.0.0.1:0",
    [`${P}INBOUND_LISTEN_ADDR`]: "127.0.0.1:0",
    [`${P}ADMIN_LISTEN_ADDR`]: "127.0.0.1:0",
    ...variables,
  });
  if (result.type === "errors") throw new Error(result.errors.join("; "));
  const lines: string[] = [];
  const started = startProxy(result.config, {
    clock,
    random: Math.random,
    write: (line) => lines.push(line),
    variables: {},
    version: "test",
    askKernel: () => undefined,
    isListenedOn,
    listenedPorts,
    readFile: async () => new Uint8Array(0),
    usage: processUsage,
    ...around,
  });
  return { lines, started };
}

test("startProxy() rejects and closes its ports where TLS of the runtime cannot be trusted", async () => {
  const { lines, started } = start(
    {},
    { checkTls: () => Promise.reject(new Error("Cannot trust TLS of this runtime: a ticket")) },
  );
  expect(await started.catch(String)).toBe("Error: Cannot trust TLS of this runtime: a ticket");
  const [, port] = /Started inbound=(\d+)/.exec(lines.join("\n")) ?? [];
  const dialled = await Bun.connect({
    hostname: "127.0.0.1",
    port: Number(port),
    socket: { data: () => undefined, connectError: () => undefined },
  }).catch((error: { readonly code?: string }) => error.code);
  expect(dialled).toBe("ECONNREFUSED");
});

test("P56: startProxy() opens its ports before TLS is tried out, and is not ready before that", async () => {
  const tried = Promise.withResolvers<void>();
  const { lines, started } = start({}, { checkTls: () => tried.promise });
  const admin = await untilPort(lines);
  expect((await fetch(`http://127.0.0.1:${admin}/live`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${admin}/ready`)).status).toBe(503);
  tried.resolve();
  const proxy = await started;
  expect(proxy.ready).toBe(false);
  await proxy.drain();
});

test("P56: startProxy() is ready with TLS tried out and a certificate", async () => {
  const { proxy } = await mesh.start("app.mesh");
  expect(proxy.ready).toBe(true);
});

test("startProxy() warns of IPv6 addresses that this machine does not have", async () => {
  const { lines, started } = start({
    [`${P}OUTBOUND_LISTEN_ADDRS`]: "127.0.0.1:0,[2001:db8::1]:4140",
    [`${P}LOG`]: "warn",
  });
  const proxy = await started;
  expect(proxy.outboundPort).toBeGreaterThan(0);
  expect(lines.join("\n")).toContain("WARN linkerd Cannot listen on an IPv6 address");
  await proxy.drain();
});

test("P43: startProxy() gives accepted connections their TCP_USER_TIMEOUT", async () => {
  const timeouts: number[] = [];
  const asked = Promise.withResolvers<void>();
  const { started } = start(
    { [`${P}INBOUND_ACCEPT_USER_TIMEOUT`]: "30s", [`${P}OUTBOUND_ACCEPT_USER_TIMEOUT`]: "20s" },
    {
      askKernel: (stream) => {
        const into = new LibcBuffer(4);
        getsockopt(stream.fd, { level: 6, name: 18 }, into);
        timeouts.push(new DataView(into.bytes.buffer).getInt32(0, true));
        if (timeouts.length === 2) asked.resolve();
        return undefined;
      },
    },
  );
  const proxy = await started;
  for (const port of [proxy.inboundPort, proxy.outboundPort])
    await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => undefined } });
  await asked.promise;
  expect(timeouts.toSorted()).toEqual([20_000, 30_000]);
  await proxy.drain();
});

/** The admin port, once the log tells it. */
async function untilPort(lines: readonly string[]): Promise<string> {
  for (let round = 0; round < 1000; round++) {
    const [, port] = /admin=(\d+)/.exec(lines.join("\n")) ?? [];
    if (port !== undefined) return port;
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("Cannot find the admin port: it was not logged");
}

test("I9: what nobody caught is told and counted, and the proxy lives", async () => {
  let tell: (error: Error) => void = () => undefined;
  const { lines, started } = start(
    {},
    {
      onUncaught: (given) => {
        tell = given;
      },
    },
  );
  const proxy = await started;
  tell(new Error("as the test says"));
  const page = await (await fetch(`http://127.0.0.1:${proxy.adminPort}/metrics`)).text();
  expect(page).toContain("bunkerd_internal_errors_total 1");
  expect(lines.join("\n")).toContain("as the test says");
  await proxy.drain();
});
