import { afterAll, expect, test } from "bun:test";
import { frameMessage } from "#lib/grpc/framing.ts";
import { createGrpcHandler } from "#lib/grpc/server.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import type { Probe } from "#lib/k8s/types/core.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { runProbe } from "./probe.ts";

const listeners: Listener[] = [];
afterAll(() => {
  for (const each of listeners) each.stop();
});

function serve(accept: (stream: TcpStream) => void): number {
  const listener = listen({ ip: "127.0.0.1", port: 0 }, accept, () => undefined);
  listeners.push(listener);
  return listener.port;
}

/** A server that answers whatever it is asked with this text, and remembers the request. */
function answers(text: string, requests: string[] = []): number {
  return serve((stream) => {
    stream.handler = {
      onData: (chunk) => {
        requests.push(Buffer.from(chunk).toString());
        stream.write(Buffer.from(text));
        stream.end();
      },
      onEnd: () => stream.end(),
      onDrain: () => undefined,
      onClose: () => undefined,
    };
  });
}

const run = (probe: Probe, clock = systemClock) =>
  runProbe(probe, {
    ...{ nodeNetns: "/proc/thread-self/ns/net", podIp: "127.0.0.1", clock },
    namedPort: (name) => (name === "named" ? named : undefined),
    exec: async ([code = ""]) => Number(code),
  });
const named: number = answers("HTTP/1.1 204 No Content\r\n\r\n");

test.each([
  ["HTTP/1.1 200 OK\r\n\r\n", undefined],
  ["HTTP/1.1 302 Found\r\n\r\n", undefined],
  ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "status 503"],
  ["hello", "no HTTP answer"],
])("httpGet: %j is %j", async (text, expected) => {
  expect(await run({ httpGet: { port: answers(text) } })).toBe(expected);
});

test("httpGet sends its path and headers as the kubelet does", async () => {
  const requests: string[] = [];
  const port = answers("HTTP/1.1 200 OK\r\n\r\n", requests);
  await run({ httpGet: { port, path: "/ready?x", httpHeaders: [{ name: "X-A", value: "1" }] } });
  expect(requests.join("")).toStartWith(`GET /ready?x HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n`);
  expect(requests.join("")).toContain("X-A: 1\r\n");
});

test("ports are named too; one without a number fails", async () => {
  expect(await run({ httpGet: { port: "named" } })).toBeUndefined();
  expect(await run({ tcpSocket: { port: "named" } })).toBeUndefined();
  expect(await run({ tcpSocket: { port: "other" } })).toBe("its port has no number");
});

test("a port where nobody listens fails", async () => {
  const listener = listen(
    { ip: "127.0.0.1", port: 0 },
    () => undefined,
    () => undefined,
  );
  listener.stop();
  expect(await run({ tcpSocket: { port: listener.port } })).toContain("Cannot connect");
});

test("httpGet over TLS is refused by name", async () => {
  expect(await run({ httpGet: { port: 1, scheme: "HTTPS" } })).toContain("not offered");
});

test("exec passes with status 0", async () => {
  expect(await run({ exec: { command: ["0"] } })).toBeUndefined();
  expect(await run({ exec: { command: ["3"] } })).toBe("command ended with status 3");
});

test("a server that says nothing is given up in time", async () => {
  const clock = new FakeClock();
  const accepted = Promise.withResolvers<void>();
  const port = serve((stream) => {
    stream.handler = {
      onData: () => accepted.resolve(),
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => undefined,
    };
  });
  const probed = run({ httpGet: { port }, timeoutSeconds: 2 }, clock);
  await accepted.promise;
  clock.advance(2_000);
  expect(await probed).toBe("no answer in time");
});

/** A server of gRPC's health protocol that knows one service. */
function health(): number {
  const handler = createGrpcHandler(
    new Map([
      [
        "/grpc.health.v1.Health/Check",
        (call) => {
          const service = Buffer.from(call.request).toString();
          if (service.includes("unknown")) call.end(5, "unknown service");
          else {
            call.send(frameMessage(Buffer.from([0x08, service.includes("down") ? 2 : 1])));
            call.end(0, "");
          }
        },
      ],
    ]),
  );
  return serve((stream) => void serveHttp2(stream, handler, { now: () => performance.now() }));
}

test.each([
  [undefined, undefined],
  ["up", undefined],
  ["down", "the service is not serving"],
  ["unknown".padEnd(300, "."), "unknown service"],
])("grpc: service %j is %j", async (service, expected) => {
  const result = await run({ grpc: { port: health(), ...(service && { service }) } });
  if (expected === undefined) expect(result).toBeUndefined();
  else expect(result).toContain(expected);
});

test("grpc: a server that speaks something else fails", async () => {
  expect(await run({ grpc: { port: answers("HTTP/1.1 200 OK\r\n\r\n") } })).toBeDefined();
});
