import { expect, test } from "bun:test";
import { callStreaming } from "#lib/grpc/client.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import type { CallHandler, ServerCall } from "#lib/grpc/server.ts";
import { GrpcError } from "#lib/grpc/status.ts";
import { HeaderList } from "#lib/http/headers.ts";
import { DRAIN_LIMIT_MS } from "#lib/http-io/connections.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import { CallGate } from "./call-gate.ts";
import { GrpcMetrics } from "./grpc-metrics.ts";
import { serveGrpc } from "./grpc-server.ts";

const nothing = (): void => undefined;

/** Of the memory that the next server uses. */
let share = 0;

function serve(handler: CallHandler, clock = new FakeClock()) {
  const registry = new Registry();
  const faults: string[] = [];
  const server = serveGrpc({
    addr: { ip: "127.0.0.1", port: 0 },
    methods: new Map([["/s/Watch", handler]]),
    metrics: new GrpcMetrics(registry),
    gate: new CallGate({ registry, now: () => clock.now(), memoryShare: () => share }),
    clock,
    onFault: (error) => faults.push(error.message),
  });
  const text = (): string => writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  return { server, text, faults, clock };
}

async function connect(port: number): Promise<ClientConnection> {
  return new Promise((resolve, reject) => {
    connectTcp(
      { ip: "127.0.0.1", port, timeoutMs: 1000, clock: systemClock, onFault: reject },
      {
        onConnected: (stream) =>
          resolve(
            connectHttp2(
              stream,
              { onAvailable: nothing, onClosed: nothing },
              { now: () => performance.now() },
            ),
          ),
        onFailed: reject,
      },
    );
  });
}

/** Calls, and gives the first message and the end as promises. */
function call(connection: ClientConnection) {
  const message = Promise.withResolvers<string>();
  const end = Promise.withResolvers<string>();
  const under = callStreaming(
    connection,
    { authority: "a", path: "/s/Watch" },
    Buffer.from("question"),
    {
      onMessage: (bytes) => message.resolve(Buffer.from(bytes).toString()),
      onEnd: ({ code, message: why }) => end.resolve(`${code} ${why}`),
    },
  );
  return { message: message.promise, end: end.promise, cancel: () => under.cancel() };
}

const echo: CallHandler = (each) => each.send(frameMessage(each.request));

test("stop() ends streams with UNAVAILABLE, tells their handlers, and waits for the connections", async () => {
  let cancelled = 0;
  const { server, text } = serve((each) => {
    each.onCancel = () => cancelled++;
    echo(each);
  });
  const { message, end } = call(await connect(server.port));
  expect(await message).toBe("question");
  await server.stop();
  expect(await end).toBe("14 controller is stopping");
  expect(cancelled).toBe(1);
  expect(text()).toContain('grpc_code="Unavailable"} 1');
  const again = await connect(server.port).catch(() => undefined);
  expect(again).toBeUndefined();
});

test("stop() breaks off a connection whose call does not end", async () => {
  const begun = Promise.withResolvers<ServerCall>();
  // Beside the call stands a request that never becomes whole.
  const { server, clock } = serve((each) => begun.resolve(each));
  const connection = await connect(server.port);
  const stream = connection.send(
    {
      method: "POST",
      scheme: "http",
      authority: "a",
      path: "/s/Watch",
      version: "HTTP/2",
      protocol: "",
      headers: HeaderList.of(),
    },
    false,
    {
      onResponseInformational: nothing,
      onResponseHead: nothing,
      onResponseBytes: nothing,
      onResponseEnd: nothing,
      onResponseReset: nothing,
      onRequestWritable: nothing,
    },
  );
  stream.sendBytes(...wholeOf(frameMessage(Buffer.from("half")).subarray(0, 6)));
  const other = call(connection);
  await begun.promise;
  const stopped = server.stop();
  await other.end;
  clock.advance(DRAIN_LIMIT_MS);
  await stopped;
});

test("a caller that leaves is told to its handler once; what handlers throw is counted and answered", async () => {
  const left = Promise.withResolvers<void>();
  const watched = serve((each) => {
    each.onCancel = left.resolve;
    echo(each);
  });
  const first = call(await connect(watched.server.port));
  await first.message;
  first.cancel();
  await left.promise;
  expect(watched.text()).toContain('grpc_code="Canceled"} 1');
  await watched.server.stop();
  const refused = serve(() => {
    throw new GrpcError(5, "not here");
  });
  expect(await call(await connect(refused.server.port)).end).toBe("5 not here");
  expect(refused.text()).toContain('grpc_code="NotFound"} 1');
  await refused.server.stop();
});

test("F22: short of memory, new watches are refused with UNAVAILABLE, and those that are open go on", async () => {
  const calls: ServerCall[] = [];
  const { server, text } = serve((each) => {
    calls.push(each);
    if (calls.length === 1) echo(each);
  });
  const first = call(await connect(server.port));
  await first.message;
  share = 0.95;
  try {
    expect(await call(await connect(server.port)).end).toBe("14 controller is short of memory");
    calls[0]?.end(0, "as it should");
    expect(await first.end).toBe("0 as it should");
  } finally {
    share = 0;
  }
  expect(text()).toContain('bunkerd_calls_refused_total{reason="memory"} 1');
  await server.stop();
});
