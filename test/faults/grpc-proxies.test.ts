import { afterAll, beforeAll, expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type { ClientConnection, ServerStream } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeMesh, until } from "../fake/mesh.ts";
import { Outcome } from "./grpc-bed.ts";

const NAME = "test.serviceaccount.identity.linkerd.cluster.local";
const PATH = "app.test.svc.cluster.local:80";
const now = (): number => performance.now();
const fault = (error: Error): void => {
  throw error;
};

const mesh = new FakeMesh();
let app: Listener;
let connection: ClientConnection;
/** What the application saw of the last call, and how it answers. */
let received: Buffer = Buffer.alloc(0);
let timeout: string | undefined;
let resets: number[] = [];
let answer: (stream: ServerStream) => void = () => undefined;

function serve(stream: ServerStream): void {
  received = Buffer.alloc(0);
  timeout = stream.request.headers.get("grpc-timeout");
  stream.handler = {
    onRequestBytes: (bytes, from, to) => {
      const chunk = bytes.subarray(from, to);
      received = Buffer.concat([received, chunk]);
    },
    onRequestEnd: () => answer(stream),
    onRequestReset: ({ code }) => resets.push(code),
    onResponseWritable: () => undefined,
  };
}

beforeAll(async () => {
  app = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) =>
      serveHttp2(stream, { onRequest: serve, onConnectionClose: () => undefined }, { now }),
    fault,
  );
  const [server, client] = await Promise.all([
    mesh.start(`server.${NAME}`),
    mesh.start(`client.${NAME}`),
  ]);
  mesh.control.services.set("10.99.0.1:80", { path: PATH, opaque: false });
  const direct = { identity: `server.${NAME}`, directPort: server.proxy.inboundPort };
  mesh.control.announce(PATH, [{ addr: `127.0.0.1:${app.port}`, ...direct }]);
  client.target = { ip: "10.99.0.1", port: 80 };
  const observer = { onAvailable: () => undefined, onClosed: () => undefined };
  const to = { ip: "127.0.0.1", port: client.proxy.outboundPort };
  connection = await new Promise((resolve, reject) =>
    connectTcp(
      { ...to, timeoutMs: 5000, clock: systemClock, onFault: fault },
      {
        onConnected: (stream) => resolve(connectHttp2(stream, observer, { now })),
        onFailed: reject,
      },
    ),
  );
});

afterAll(async () => {
  connection.destroy();
  await mesh.stop();
  app.stop();
});

/** A call through both proxies. */
function call(body: Uint8Array, ...more: [string, string][]) {
  const head: RequestHead = {
    method: "POST",
    scheme: "http",
    authority: "app.test",
    path: "/test.Service/Method",
    version: "HTTP/2",
    protocol: "",
    headers: HeaderList.of(["content-type", "application/grpc"], ["te", "trailers"], ...more),
  };
  const outcome = new Outcome();
  const stream = connection.send(head, false, outcome);
  stream.sendBytes(body, 0, body.length);
  stream.sendEnd(undefined);
  return { outcome, stream };
}

const over = async (outcome: Outcome): Promise<void> =>
  await until(
    () => outcome.ended || outcome.reset !== undefined,
    () => "the call does not end",
  );

const response = (stream: ServerStream, status: number, end: boolean): void =>
  stream.sendHead(
    { status, version: "HTTP/2", headers: HeaderList.of(["content-type", "application/grpc"]) },
    end,
  );

test.each([
  ["a length beyond the end", "00000000ff0102"],
  ["a prefix cut short", "0000"],
  ["a compressed message without an encoding", "010000000141"],
  ["a flag that means nothing", "ff00000000"],
  ["4 GiB announced", "00ffffffff00"],
])("B30: %s passes both proxies as it is, both ways", async (_, hex) => {
  const bytes = Buffer.from(hex, "hex");
  answer = (stream) => {
    response(stream, 200, false);
    stream.sendBytes(bytes, 0, bytes.length);
    stream.sendEnd(HeaderList.of(["grpc-status", "13"]));
  };
  const { outcome } = call(bytes);
  await over(outcome);
  expect([received.equals(bytes), outcome.data.equals(bytes), outcome.grpcStatus]).toEqual([
    true,
    true,
    "13",
  ]);
});

test.each<[string, (stream: ServerStream) => void, Partial<Outcome>]>([
  [
    "no grpc-status",
    (stream) => {
      response(stream, 200, false);
      stream.sendEnd(HeaderList.of(["x", "y"]));
    },
    { httpStatus: 200, grpcStatus: undefined, ended: true },
  ],
  [
    "trailers only",
    (stream) => {
      const headers = HeaderList.of(["content-type", "application/grpc"], ["grpc-status", "7"]);
      stream.sendHead({ status: 200, version: "HTTP/2", headers }, true);
    },
    { httpStatus: 200, grpcStatus: "7", ended: true },
  ],
  ["HTTP 503", (stream) => response(stream, 503, true), { httpStatus: 503, ended: true }],
  ["a reset", (stream) => stream.resetResponse(ErrorCode.ENHANCE_YOUR_CALM), { reset: 11 }],
])("B29: %s of the application arrives as such, and the call ends", async (_, how, expected) => {
  answer = how;
  const { outcome } = call(Buffer.alloc(5));
  await over(outcome);
  expect(outcome).toMatchObject(expected);
});

test("B33: a deadline is passed on, and who gives up is gone for the application too", async () => {
  resets = [];
  let asked = 0;
  answer = () => {
    asked += 1;
  };
  for (const value of ["100m", "99999999H", "soon", "9".repeat(1000)]) {
    const { stream } = call(Buffer.alloc(5), ["grpc-timeout", value]);
    const before = asked;
    await until(
      () => asked > before,
      () => "the call does not arrive",
    );
    expect(timeout).toBe(value);
    stream.resetRequest(ErrorCode.CANCEL);
  }
  await until(
    () => resets.length === 4,
    () => `only ${resets.length} calls were cancelled`,
  );
  expect(resets).toEqual(Array(4).fill(ErrorCode.CANCEL));
});
