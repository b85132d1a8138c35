import { expect, test } from "bun:test";
import { callStreaming } from "#lib/grpc/client.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { GrpcCode, type GrpcError } from "#lib/grpc/status.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { ServerStream } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { FakePair } from "../fake/byte-stream.ts";
import { wholeOf } from "../fake/whole-of.ts";

const GRPC = ["content-type", "application/grpc"] as const;
const head = (stream: ServerStream, status: number, end: boolean, ...fields: [string, string][]) =>
  stream.sendHead({ status, version: "HTTP/2", headers: HeaderList.of(...fields) }, end);

/** Calls a server that answers so; returns how the call ended, and how often it was told. */
async function callOf(
  answer: (stream: ServerStream, pair: FakePair) => void,
): Promise<readonly [number | undefined, number, number]> {
  const pair = new FakePair();
  const server = {
    onRequest: (stream: ServerStream): void => {
      stream.handler = {
        onRequestBytes: () => undefined,
        onRequestEnd: () => answer(stream, pair),
        onRequestReset: () => undefined,
        onResponseWritable: () => undefined,
      };
    },
    onConnectionClose: () => undefined,
  };
  const now = (): number => 0;
  serveHttp2(pair.b, server, { now });
  const observer = { onAvailable: () => undefined, onClosed: () => undefined };
  const connection = connectHttp2(pair.a, observer, { now });
  const ends: GrpcError[] = [];
  let messages = 0;
  callStreaming(connection, { authority: "a", path: "/s/M" }, Buffer.from("ask"), {
    onMessage: () => {
      messages += 1;
    },
    onEnd: (status) => ends.push(status),
  });
  await pair.run();
  return [ends[0]?.code, ends.length, messages];
}

test.each<[string, (stream: ServerStream, pair: FakePair) => void, number]>([
  [
    "trailers without grpc-status",
    (stream) => {
      head(stream, 200, false, [...GRPC]);
      stream.sendEnd(HeaderList.of(["x", "y"]));
    },
    GrpcCode.UNKNOWN,
  ],
  [
    "no trailers",
    (stream) => {
      head(stream, 200, false, [...GRPC]);
      stream.sendEnd(undefined);
    },
    GrpcCode.UNKNOWN,
  ],
  [
    "a head alone without grpc-status",
    (stream) => head(stream, 200, true, [...GRPC]),
    GrpcCode.UNKNOWN,
  ],
  [
    "trailers-only",
    (stream) => head(stream, 200, true, [...GRPC], ["grpc-status", "5"]),
    GrpcCode.NOT_FOUND,
  ],
  [
    "a grpc-status that is no number",
    (stream) => head(stream, 200, true, ["grpc-status", "x"]),
    GrpcCode.UNKNOWN,
  ],
  [
    "a page of HTML",
    (stream) => head(stream, 200, false, ["content-type", "text/html"]),
    GrpcCode.UNKNOWN,
  ],
  ["HTTP 400", (stream) => head(stream, 400, true), GrpcCode.INTERNAL],
  ["HTTP 401", (stream) => head(stream, 401, true), GrpcCode.UNAUTHENTICATED],
  ["HTTP 403", (stream) => head(stream, 403, true), GrpcCode.PERMISSION_DENIED],
  ["HTTP 404", (stream) => head(stream, 404, true), GrpcCode.UNIMPLEMENTED],
  ["HTTP 418", (stream) => head(stream, 418, true), GrpcCode.UNKNOWN],
  ["HTTP 429", (stream) => head(stream, 429, true), GrpcCode.UNAVAILABLE],
  ["HTTP 500", (stream) => head(stream, 500, true), GrpcCode.UNKNOWN],
  ["HTTP 502 that never ends", (stream) => head(stream, 502, false), GrpcCode.UNAVAILABLE],
  ["HTTP 503", (stream) => head(stream, 503, true), GrpcCode.UNAVAILABLE],
  ["HTTP 504", (stream) => head(stream, 504, true), GrpcCode.UNAVAILABLE],
  ["RST_STREAM", (stream) => stream.resetResponse(ErrorCode.INTERNAL_ERROR), GrpcCode.INTERNAL],
  ["a connection that breaks", (_, pair) => pair.b.destroy(), GrpcCode.UNAVAILABLE],
  [
    "a message cut short",
    (stream) => {
      head(stream, 200, false, [...GRPC]);
      stream.sendBytes(...wholeOf(frameMessage(Buffer.alloc(9)).subarray(0, 8)));
      stream.sendEnd(HeaderList.of(["grpc-status", "0"]));
    },
    GrpcCode.INTERNAL,
  ],
  [
    "a message over 4 MiB",
    (stream) => {
      head(stream, 200, false, [...GRPC]);
      stream.sendBytes(...wholeOf(Buffer.from("00ffffffff", "hex")));
    },
    GrpcCode.RESOURCE_EXHAUSTED,
  ],
  [
    "a compressed message",
    (stream) => {
      head(stream, 200, false, [...GRPC]);
      stream.sendBytes(...wholeOf(Buffer.from("010000000141", "hex")));
    },
    GrpcCode.INTERNAL,
  ],
])("B29: %s ends a call once, with a code", async (_, answer, code) => {
  expect(await callOf(answer)).toEqual([code, 1, 0]);
});
