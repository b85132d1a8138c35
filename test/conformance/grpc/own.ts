/** The gRPC that speaks to control planes, without a proxy: our server called by grpc-go, our client calling grpc-go. */

import { callStreaming, callUnary } from "#lib/grpc/client.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { createGrpcHandler, type ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { listen } from "#lib/net/listener.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Report, Suite } from "../suite.ts";
import { goProgram } from "../tools.ts";
import { freePort, lastLine, run, untilListening } from "./program.ts";
import {
  LARGE_REQUEST_BYTES,
  LARGE_RESPONSE_BYTES,
  readRequest,
  responseBytes,
  TEST_SERVICE,
  type TestRequest,
  writeRequest,
  writeResponse,
} from "./test-service.ts";

const MODULE = "google.golang.org/grpc/interop";
const VERSION = "v1.83.1";
const CASE_LIMIT_MS = 30_000;
const now = (): number => performance.now();
const fault = (error: Error): void => {
  throw error;
};

/** Unary and server-streaming calls: the others have no use in a mesh's control plane. */
export const grpcOwn: Suite = {
  name: "grpc-own",
  quick: false,
  needs: ["go"],
  run: async (report) => {
    await serveGo(report, await goProgram(`${MODULE}/client@${VERSION}`, "grpc-interop-client"));
    await callGo(report, await goProgram(`${MODULE}/server@${VERSION}`, "grpc-interop-server"));
  },
};

const SERVED = [
  "empty_unary",
  "large_unary",
  "server_streaming",
  "unimplemented_method",
  "unimplemented_service",
] as const;

async function serveGo(report: Report, client: string): Promise<void> {
  const grpc = createGrpcHandler(
    new Map([
      [`${TEST_SERVICE}EmptyCall`, (call) => answer(call, [new Uint8Array(0)])],
      [`${TEST_SERVICE}UnaryCall`, (call) => answer(call, responsesTo(call, "unary"))],
      [
        `${TEST_SERVICE}StreamingOutputCall`,
        (call) => answer(call, responsesTo(call, "streaming")),
      ],
    ]),
  );
  const listener = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) => serveHttp2(stream, grpc, { now, clock: systemClock }),
    fault,
  );
  for (const name of SERVED) {
    const flags = ["--server_host=127.0.0.1", `--server_port=${listener.port}`];
    const ended = await run([client, ...flags, `--test_case=${name}`], CASE_LIMIT_MS);
    if (ended.code === 0) report.passed(name);
    else report.failed(`${name}, our server`, lastLine(ended));
  }
  listener.stop();
}

function responsesTo(call: ServerCall, kind: "unary" | "streaming"): readonly Uint8Array[] {
  return readRequest(call.request, kind).sizes.map(writeResponse);
}

/** Sends all, each when the caller reads again. */
function answer(call: ServerCall, messages: readonly Uint8Array[]): void {
  let next = 0;
  const send = (): void => {
    while (next < messages.length && !call.blocked)
      call.send(frameMessage(messages[next++] as Uint8Array));
    if (next === messages.length) call.end(GrpcCode.OK, "");
  };
  call.onWritable = send;
  send();
}

/** What a case of our client does; it throws where the server is not understood. */
type ClientCase = (connection: ClientConnection) => Promise<void>;

const NO_PAYLOAD = { sizes: [], payloadBytes: 0 };
const SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
const CALLING: Readonly<Record<string, ClientCase>> = {
  empty_unary: async (connection) => same((await unary(connection, "EmptyCall")).length, 0),
  large_unary: async (connection) => {
    const sizes = [LARGE_RESPONSE_BYTES];
    const request = writeRequest({ sizes, payloadBytes: LARGE_REQUEST_BYTES }, "unary");
    same(responseBytes(await unary(connection, "UnaryCall", request)), LARGE_RESPONSE_BYTES);
  },
  server_streaming: async (connection) => {
    const sizes = [31_415, 9, 2653, 58_979];
    const { status, received } = await streaming(connection, "StreamingOutputCall", {
      ...NO_PAYLOAD,
      sizes,
    });
    same(`${status.code} ${received}`, `0 ${sizes}`);
  },
  status_code_and_message: async (connection) => await failing(connection, "test status message"),
  special_status_message: async (connection) => await failing(connection, SPECIAL),
  unimplemented_method: async (connection) =>
    same((await errorOf(unary(connection, "UnimplementedCall"))).code, GrpcCode.UNIMPLEMENTED),
  timeout_on_sleeping_server: async (connection) => {
    const request = { ...NO_PAYLOAD, sizes: [1], intervalUs: 5_000_000 };
    const { status } = await streaming(connection, "FullDuplexCall", request, { timeoutMs: 100 });
    same(status.code, GrpcCode.DEADLINE_EXCEEDED);
  },
  cancel_after_first_response: async (connection) => {
    const request = { ...NO_PAYLOAD, sizes: [31_415, 9], intervalUs: 100_000 };
    const how = { cancelAfterFirst: true };
    const { status, received } = await streaming(connection, "FullDuplexCall", request, how);
    same(`${status.code} ${received}`, `${GrpcCode.CANCELLED} 31415`);
  },
};

async function callGo(report: Report, server: string): Promise<void> {
  const port = await freePort();
  const child = Bun.spawn([server, `--port=${port}`], { stdio: ["ignore", "ignore", "ignore"] });
  await untilListening(port);
  const connection = await connect(port);
  for (const [name, call] of Object.entries(CALLING))
    try {
      await call(connection);
      report.passed(name);
    } catch (error) {
      report.failed(`${name}, our client`, String(error));
    }
  connection.destroy();
  child.kill("SIGKILL");
  await child.exited;
}

function connect(port: number): Promise<ClientConnection> {
  const observer = { onAvailable: () => undefined, onClosed: () => undefined };
  return new Promise((resolve, reject) =>
    connectTcp(
      { ip: "127.0.0.1", port, timeoutMs: 5000, clock: systemClock, onFault: fault },
      {
        onConnected: (stream) => resolve(connectHttp2(stream, observer, { now })),
        onFailed: reject,
      },
    ),
  );
}

function unary(
  connection: ClientConnection,
  method: string,
  request: Uint8Array = new Uint8Array(0),
): Promise<Uint8Array> {
  const deadline = { clock: systemClock, timeoutMs: CASE_LIMIT_MS };
  const path = `${TEST_SERVICE}${method}`;
  return callUnary(connection, { authority: "test", path, deadline }, request);
}

function streaming(
  connection: ClientConnection,
  method: string,
  request: TestRequest,
  how: { readonly timeoutMs?: number; readonly cancelAfterFirst?: boolean } = {},
): Promise<{ readonly status: GrpcError; readonly received: readonly number[] }> {
  const received: number[] = [];
  const deadline = { clock: systemClock, timeoutMs: how.timeoutMs ?? CASE_LIMIT_MS };
  const target = { authority: "test", path: `${TEST_SERVICE}${method}`, deadline };
  return new Promise((resolve) => {
    const call = callStreaming(connection, target, writeRequest(request, "streaming"), {
      onMessage: (message) => {
        received.push(responseBytes(message));
        if (how.cancelAfterFirst === true) call.cancel();
      },
      onEnd: (status) => resolve({ status, received }),
    });
  });
}

async function failing(connection: ClientConnection, message: string): Promise<void> {
  const request = writeRequest({ ...NO_PAYLOAD, status: { code: 2, message } }, "unary");
  const error = await errorOf(unary(connection, "UnaryCall", request));
  same(`${error.code} ${error.message}`, `2 ${message}`);
}

async function errorOf(call: Promise<Uint8Array>): Promise<GrpcError> {
  return await call.then(
    () => new GrpcError(GrpcCode.OK, "it succeeded"),
    (error: GrpcError) => error,
  );
}

function same(found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`);
}
