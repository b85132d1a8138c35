import { expect, test } from "bun:test";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { frameMessage } from "#lib/grpc/framing.ts";
import { type CallHandler, createGrpcHandler } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { CONTROL_KEEP_ALIVE } from "#lib/http-io/patience.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { listen } from "#lib/net/listener.ts";
import { acceptTls, TlsCredentials } from "#lib/net/tls.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock } from "#lib/time/clock.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { logger } from "../../test/fake/kube-api.ts";
import { until } from "../../test/fake/mesh.ts";
import { PassingClock } from "../../test/fake/passing-clock.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import type { Watch } from "../policy/discover.ts";
import { ControlMetrics, type ControlSeries } from "../telemetry/control-metrics.ts";
import { ControlChannel, type WatchRequest } from "./channel.ts";
import { ENDLESS, type StreamLimits } from "./stream-limits.ts";

/** A channel to a service of one method. */
function channelTo(
  handler: CallHandler,
  {
    clock = systemClock,
    limits = ENDLESS,
    series = new ControlMetrics(new Registry()).of("destination", {}),
  }: {
    readonly clock?: Clock;
    readonly limits?: StreamLimits;
    readonly series?: ControlSeries;
  } = {},
) {
  const methods = createGrpcHandler(new Map([["/a/Watch", handler]]));
  const listener = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) => serveHttp2(stream, methods, { now: () => performance.now() }),
    (error) => {
      throw error;
    },
  );
  const log = new RecordedLog();
  const channel = new ControlChannel({
    ...{ clock, random: Math.random, log: log.logger, connectTimeoutMs: 1000, limits, series },
    failfastMs: 3000,
    addr: { host: "127.0.0.1", port: listener.port, name: undefined },
    backoff: { minMs: 1, maxMs: 5, jitter: 0 },
    resolve: async (host) => [host],
    credentials: () => undefined,
  });
  const stop = (): void => {
    channel.drain();
    listener.stop();
  };
  return { channel, log, stop };
}

test("a message that cannot be read ends its stream alone, which is opened again", async () => {
  let calls = 0;
  let other: (() => void) | undefined;
  const { channel, log, stop } = channelTo((call) => {
    const [name] = call.request;
    if (name === 1) call.send(frameMessage(Uint8Array.of(++calls)));
    else other = () => call.send(frameMessage(Uint8Array.of(9)));
    call.onCancel = () => undefined;
  });
  const good = Promise.withResolvers<number | undefined>();
  const aside = Promise.withResolvers<number | undefined>();
  const path = "/a/Watch";
  const final = new Set<number>();
  const watches = [
    channel.watch({
      ...{ path, final, request: Uint8Array.of(2) },
      onMessage: ([value]) => aside.resolve(value),
    }),
    channel.watch({
      ...{ path, final, request: Uint8Array.of(1) },
      onMessage: ([value]) => {
        if (value !== 3) throw new RangeError("is no message");
        good.resolve(value);
      },
    }),
  ];
  expect(await good.promise).toBe(3);
  other?.();
  expect(await aside.promise).toBe(9);
  expect(log.lines.filter((line) => line.includes("is no message"))).toHaveLength(2);
  for (const watch of watches) watch.cancel();
  stop();
});

test("CONTROL_STREAM_INITIAL_TIMEOUT, CONTROL_STREAM_IDLE_TIMEOUT, CONTROL_STREAM_LIFETIME: a stream that takes its time is opened again, and said to be", async () => {
  const clock = new PassingClock();
  const limits = { initialMs: 3_000, idleMs: 60_000, lifetimeMs: 150_000 };
  const calls: { send(value: number): void; cancelled: boolean }[] = [];
  const { channel, stop } = channelTo(
    (call) => {
      const made = {
        send: (value: number): void => void call.send(frameMessage(Uint8Array.of(value))),
        cancelled: false,
      };
      calls.push(made);
      call.onCancel = () => {
        made.cancelled = true;
      };
    },
    { clock, limits },
  );
  const seen: unknown[] = [];
  const watch = channel.watch({
    ...{ path: "/a/Watch", request: Uint8Array.of(1), final: new Set<number>() },
    onAsked: () => seen.push("asked"),
    onMessage: ([value]) => seen.push(value),
  });
  const asked = (count: number): Promise<void> =>
    until(
      () => calls.length === count,
      () => `${count} streams, not ${calls.length}`,
    );
  const told = async (value: number): Promise<void> => {
    calls.at(-1)?.send(value);
    await until(
      () => seen.at(-1) === value,
      () => `message ${value}`,
    );
  };
  await asked(1);
  await clock.pass(limits.initialMs);
  await asked(2);
  await told(1);
  await clock.pass(limits.idleMs - 1000);
  await told(2);
  await clock.pass(limits.idleMs);
  await asked(3);
  await told(3);
  for (let passed = 0; passed < limits.lifetimeMs; passed += 50_000) {
    expect(calls.length).toBe(3);
    await clock.pass(50_000);
    if (passed < 100_000) await told(4 + passed / 50_000);
  }
  await asked(4);
  await until(
    () => calls.slice(0, 3).every(({ cancelled }) => cancelled),
    () => "the old streams are cancelled",
  );
  expect(seen).toEqual(["asked", "asked", 1, 2, "asked", 3, 4, 5, "asked"]);
  watch.cancel();
  stop();
});

test.each([
  ["that is open, and tells that it was cancelled", true],
  ["that still waits for a connection, and tells nothing", false],
])("a stream %s, is asked for again one step of the back-off after its time is over", (_, open) => {
  const clock = new FakeClock();
  const asked: number[] = [];
  class Silent extends ControlChannel {
    override stream(_what: WatchRequest, onEnd: (status: GrpcError) => void): Watch {
      asked.push(clock.now());
      return { cancel: () => open && onEnd(new GrpcError(GrpcCode.CANCELLED, "cancelled")) };
    }
  }
  const channel = new Silent({
    ...{ clock, random: () => 0, log: logger, connectTimeoutMs: 1000, failfastMs: 3000 },
    addr: { host: "127.0.0.1", port: 1, name: undefined },
    backoff: { minMs: 100, maxMs: 10_000, jitter: 0 },
    limits: { ...ENDLESS, initialMs: 3000 },
    series: new ControlMetrics(new Registry()).of("destination", {}),
    resolve: async (host) => [host],
    credentials: () => undefined,
  });
  const final = new Set<number>();
  const onMessage = (): void => undefined;
  const watch = channel.watch({ path: "/a/Watch", request: new Uint8Array(), final, onMessage });
  clock.advance(3 * 3000 + 100 + 200 + 400);
  expect(asked).toEqual([0, 3100, 6300, 9700]);
  watch.cancel();
  clock.advance(60_000);
  expect(asked).toHaveLength(4);
});

test("a service that falls silent behind its proxy is left for another connection, and nothing is lost of its stream", async () => {
  const authority = new FakeAuthority();
  const { anchorsPem } = authority;
  const credentials = new TlsCredentials({ ...authority.issue("service.test"), anchorsPem });
  let calls = 0;
  const methods = createGrpcHandler(
    new Map([["/a/Watch", (call) => call.send(frameMessage(Uint8Array.of(++calls)))]]),
  );
  const onFault = (): void => undefined;
  const server = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) =>
      acceptTls(
        stream,
        { initial: new Uint8Array(0), credentials, alpn: [], onFault, clock: systemClock },
        {
          onSession: ({ stream: secure }) =>
            serveHttp2(secure, methods, { now: () => performance.now() }),
          onFailed: onFault,
        },
      ),
    onFault,
  );
  const path = new CutPath(server.port);
  const clock = new PassingClock();
  const channel = new ControlChannel({
    series: new ControlMetrics(new Registry()).of("destination", {}),
    ...{ clock, random: Math.random, log: logger, connectTimeoutMs: 1000, failfastMs: 3000 },
    addr: { host: "127.0.0.1", port: await path.port, name: "service.test" },
    backoff: { minMs: 1, maxMs: 5, jitter: 0 },
    limits: ENDLESS,
    resolve: async (host) => [host],
    credentials: () => credentials,
  });
  const seen: (number | undefined)[] = [];
  const watch = channel.watch({
    ...{ path: "/a/Watch", request: Uint8Array.of(1), final: new Set<number>() },
    onMessage: ([value]) => seen.push(value),
  });
  await until(
    () => seen.length === 1,
    () => "no message",
  );
  path.cut();
  const { pendingMs, timeoutMs } = CONTROL_KEEP_ALIVE;
  await clock.pass(pendingMs - 1000);
  expect(seen).toEqual([1]);
  await clock.pass(1000 + timeoutMs + 500);
  await until(
    () => seen.length === 2,
    () => "the stream was not opened again",
  );
  expect(path.connections).toBe(2);
  watch.cancel();
  channel.drain();
  path.stop();
  server.stop();
});

/** The way to a server, as long as it is not cut: then nothing comes through and nobody is told, as when a node is lost. */
class CutPath {
  readonly port: Promise<number>;
  connections = 0;
  readonly #server: Server;
  readonly #open: Socket[] = [];

  constructor(to: number) {
    this.#server = createServer((near) => {
      this.connections++;
      const far = connect(to, "127.0.0.1");
      this.#open.push(near, far);
      near.on("error", () => undefined).pipe(far);
      far.on("error", () => undefined).pipe(near);
    }).listen(0, "127.0.0.1");
    this.port = new Promise((resolve) => {
      this.#server.on("listening", () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  /** What is open now is dead; new connections are not. */
  cut(): void {
    for (const socket of this.#open) {
      socket.unpipe();
      socket.pause();
    }
  }

  stop(): void {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
  }
}

test("MET7, MET31, MET33, MET34, MET42: calls, look-ups, waiting and fail-fast are counted, as many as the service saw", async () => {
  const registry = new Registry();
  const metrics = new ControlMetrics(registry);
  let seen = 0;
  const { channel, stop } = channelTo(
    (call) => {
      seen++;
      call.send(frameMessage(Uint8Array.of(1)));
      call.end(GrpcCode.OK, "");
    },
    { series: metrics.of("destination", { addr: "a:1" }) },
  );
  const told = (text: string): number => {
    const lines = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }).split("\n");
    const line = lines.find((each) => each.startsWith(`control_${text}`)) ?? "";
    return Number(line.slice(line.lastIndexOf(" ")));
  };
  for (let i = 0; i < 3; i++) await channel.call("/a/Watch", Uint8Array.of(0));
  expect([seen, told("request_total")]).toEqual([3, 3]);
  expect(
    told('response_total{addr="a:1",status_code="200",classification="success",grpc_status="0"'),
  ).toBe(3);
  expect(told('dns_resolutions_total{client="destination",record_type="A/AAAA",result="ok"}')).toBe(
    1,
  );
  expect(told("destination_balancer_queue_requests_total")).toBe(3);
  expect(told("destination_balancer_queue_length")).toBe(0);
  expect(told('destination_balancer_endpoints{endpoint_state="ready"}')).toBe(1);
  expect(told('destination_balancer_p2c_updates_total{op="Reset"}')).toBe(1);
  expect(told("destination_balancer_queue_gate_open_total")).toBe(1);
  stop();
  await until(
    () => told('destination_balancer_endpoints{endpoint_state="pending"}') === 1,
    () => "the connection is still told of",
  );
});
