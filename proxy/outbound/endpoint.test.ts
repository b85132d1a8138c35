import { afterEach, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import type { ConnectionWaiter } from "#lib/http-io/exchange.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { until } from "../../test/fake/mesh.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import type { Endpoint } from "../policy/client-policy.ts";
import { HttpMetrics } from "../telemetry/http-metrics.ts";
import { outboundFamilies } from "../telemetry/outbound-families.ts";
import { TcpMetrics } from "../telemetry/tcp-metrics.ts";
import { EndpointClient, type EndpointOptions } from "./endpoint.ts";

const IP = "127.0.0.1";
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Listens, at a port that is known or any; how many connections were made. */
async function listen(port = 0): Promise<{ readonly port: number; readonly taken: number }> {
  let taken = 0;
  const server = createServer(() => taken++);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, IP, resolve));
  const address = server.address() as { readonly port: number };
  return {
    port: address.port,
    get taken() {
      return taken;
    },
  };
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const { port } = await listen();
  await new Promise<void>((resolve) => servers.pop()?.close(() => resolve()));
  return port;
}

/** An endpoint at a port, how often it could not be reached, and how often it came back. */
function setup(port: number) {
  const registry = new Registry();
  const clock = new FakeClock();
  const log = new RecordedLog();
  const came = { back: 0 };
  const client = new EndpointClient(
    { addr: { ip: IP, port }, hint: "none", labels: {} } as unknown as Endpoint,
    {
      runtime: {
        ...{ clock, random: () => 0, log: log.logger, onFault: () => undefined },
        ...{ http: new HttpMetrics(registry), tcp: new TcpMetrics(registry) },
      },
      config: {
        ...{ backoff: { minMs: 100, maxMs: 1000, jitter: 0 }, connectTimeoutMs: 1000 },
        ...{ http1IdleMs: 3000, maxIdlePerEndpoint: 10 },
      },
      families: outboundFamilies(registry),
      ...{ localIps: new Set(), defaultRttMs: 30, decayMs: 1, authority: undefined },
      onReady: () => came.back++,
    } as unknown as EndpointOptions,
  );
  const failures = (): number =>
    log.lines.filter((line) => line.includes("could not be reached")).length;
  const untilFailures = (count: number): Promise<void> =>
    until(
      () => failures() === count,
      () => `${failures()} failures`,
    );
  return { client, clock, came, failures, untilFailures };
}

const nobody: ConnectionWaiter = {
  onConnection: () => undefined,
  onConnectFailed: () => undefined,
};

test("P32, P39: an endpoint that refuses is not usable before it has been reached again, of which nobody has to wait", async () => {
  const port = await freePort();
  const { client, clock, came, untilFailures } = setup(port);
  client.connections(false).acquire(nobody);
  await untilFailures(1);
  for (const [at, waitMs] of [100, 200, 400].entries()) {
    clock.advance(waitMs - 1);
    expect([client.ready, came.back]).toEqual([false, 0]);
    clock.advance(1);
    await untilFailures(at + 2);
  }
  expect([client.ready, came.back]).toEqual([false, 0]);
  const app = await listen(port);
  clock.advance(800);
  await until(
    () => client.ready,
    () => "it does not come back",
  );
  let got = 0;
  client.connections(false).acquire({ ...nobody, onConnection: () => got++ });
  expect([came.back, app.taken, got]).toEqual([1, 1, 1]);
  client.retire();
});

test("P32: one for opaque bytes is reached by a connection of which nothing is left", async () => {
  const port = await freePort();
  const { client, clock, came, untilFailures } = setup(port);
  client.connect({ onConnected: () => undefined, onFailed: () => undefined });
  await untilFailures(1);
  await listen(port);
  clock.advance(100);
  await until(
    () => client.ready,
    () => "it does not come back",
  );
  expect(came.back).toBe(1);
  client.retire();
});

test("P32: one that is gone is not looked for any longer", async () => {
  const { client, clock, failures, untilFailures } = setup(await freePort());
  client.connect({ onConnected: () => undefined, onFailed: () => undefined });
  await untilFailures(1);
  clock.advance(100);
  client.retire();
  await untilFailures(2);
  expect(clock.nextMs).toBeUndefined();
  expect(failures()).toBe(2);
});
