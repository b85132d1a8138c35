import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { ClientConnection, ResponseHandler } from "#lib/http-io/exchange.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import { callStreaming, callUnary } from "./client.ts";
import { frameMessage } from "./framing.ts";
import { type GrpcError, statusTrailers } from "./status.ts";

const TARGET = { authority: "a:80", path: "/s/M" };
const REQUEST = Buffer.from("ask");

/** A connection whose one response the test plays. */
function scripted() {
  const sent: string[] = [];
  let handler: ResponseHandler | undefined;
  const connection: ClientConnection = {
    version: "HTTP/2",
    available: true,
    activeStreams: 0,
    send: (head, _, receiver) => {
      sent.push(head.path);
      handler = receiver;
      return {
        sendBytes: (chunk) => {
          sent.push(Buffer.from(chunk.subarray(5)).toString());
          return true;
        },
        sendEnd: () => sent.push("end"),
        resetRequest: () => sent.push("reset"),
        pauseResponse: () => undefined,
        resumeResponse: () => undefined,
      };
    },
    drain: () => undefined,
    destroy: () => undefined,
  };
  return { connection, sent, peer: (): ResponseHandler => handler as ResponseHandler };
}

const head = (status = 200, headers = new HeaderList()) => ({
  status,
  version: "HTTP/2" as const,
  headers,
});

function streaming() {
  const script = scripted();
  const messages: string[] = [];
  const ends: GrpcError[] = [];
  const call = callStreaming(script.connection, TARGET, REQUEST, {
    onMessage: (message) => messages.push(Buffer.from(message).toString()),
    onEnd: (status) => ends.push(status),
  });
  return { ...script, messages, ends, call };
}

test("callStreaming() hands over messages until the status", () => {
  const { peer, sent, messages, ends } = streaming();
  peer().onResponseInformational(head(103));
  peer().onResponseHead(head(), false);
  peer().onResponseBytes(
    ...wholeOf(Buffer.concat([frameMessage(Buffer.from("a")), frameMessage(Buffer.from("b"))])),
  );
  peer().onRequestWritable();
  peer().onResponseEnd(statusTrailers(5, "gone"));
  expect([sent, messages, ends.map(({ code, message }) => `${code} ${message}`)]).toEqual([
    ["/s/M", "ask", "end"],
    ["a", "b"],
    ["5 gone"],
  ]);
});

test.each([
  [
    "a status in the head",
    (peer: ResponseHandler) => peer.onResponseHead(head(200, statusTrailers(12, "")), true),
    12,
  ],
  ["an HTTP error", (peer: ResponseHandler) => peer.onResponseHead(head(503), false), 14],
  ["another HTTP error", (peer: ResponseHandler) => peer.onResponseHead(head(418), true), 2],
  ["a head that ends it", (peer: ResponseHandler) => peer.onResponseHead(head(), true), 2],
  [
    "another content",
    (peer: ResponseHandler) =>
      peer.onResponseHead(head(200, HeaderList.of(["content-type", "text/html"])), false),
    2,
  ],
  [
    "a message cut short",
    (peer: ResponseHandler) => {
      peer.onResponseBytes(...wholeOf(Uint8Array.of(0, 0, 0, 0, 9, 1)));
      peer.onResponseEnd(statusTrailers(0, ""));
    },
    13,
  ],
  [
    "a message too long",
    (peer: ResponseHandler) => peer.onResponseBytes(...wholeOf(Uint8Array.of(0, 255, 0, 0, 0))),
    8,
  ],
  ...[
    [0, 13],
    [7, 14],
    [8, 1],
    [11, 8],
  ].map(
    ([code = 0, expected = 0]) =>
      [
        `a reset with ${code}`,
        (peer: ResponseHandler) =>
          peer.onResponseReset({ reason: "cancelled", code, unprocessed: false }),
        expected,
      ] as const,
  ),
  ["no status", (peer: ResponseHandler) => peer.onResponseEnd(undefined), 2],
  [
    "a lost connection",
    (peer: ResponseHandler) =>
      peer.onResponseReset({ reason: "connection", code: 2, unprocessed: false }),
    14,
  ],
  [
    "a compressed message",
    (peer: ResponseHandler) => peer.onResponseBytes(...wholeOf(Uint8Array.of(1, 0, 0, 0, 0))),
    13,
  ],
])("callStreaming() ends with %s", (_, play, code) => {
  const { peer, ends } = streaming();
  play(peer());
  peer().onResponseEnd(undefined);
  expect(ends.map((status) => status.code)).toEqual([code]);
});

test("Call.cancel() resets the stream and ends once", () => {
  const { call, sent, peer, ends } = streaming();
  call.cancel();
  call.cancel();
  peer().onResponseBytes(...wholeOf(frameMessage(REQUEST)));
  expect([sent.at(-1), ends.map(({ code }) => code)]).toEqual(["reset", [1]]);
});

test("a call with a deadline tells it to the server, and ends when it has passed", () => {
  const { connection, sent, peer } = scripted();
  const clock = new FakeClock();
  let timeout: string | undefined;
  const { send } = connection;
  connection.send = (request, end, handler) => {
    timeout = request.headers.get("grpc-timeout");
    return send(request, end, handler);
  };
  const ends: number[] = [];
  const observer = { onMessage: () => undefined, onEnd: ({ code }: GrpcError) => ends.push(code) };
  const deadline = { clock, timeoutMs: 500 };
  callStreaming(connection, { ...TARGET, deadline }, REQUEST, observer);
  clock.advance(499);
  expect([timeout, ends]).toEqual(["500m", []]);
  clock.advance(1);
  expect([sent.at(-1), ends]).toEqual(["reset", [4]]);
  callStreaming(connection, { ...TARGET, deadline }, REQUEST, observer);
  peer().onResponseEnd(statusTrailers(0, ""));
  expect([clock.nextMs, ends]).toEqual([undefined, [4, 0]]);
});

test("callUnary() resolves with the one message, or rejects", async () => {
  const good = scripted();
  const answer = callUnary(good.connection, TARGET, REQUEST);
  good.peer().onResponseBytes(...wholeOf(frameMessage(Buffer.from("yes"))));
  good.peer().onResponseEnd(statusTrailers(0, ""));
  expect(Buffer.from(await answer).toString()).toBe("yes");
  const failing = async (code: number): Promise<unknown> => {
    const bad = scripted();
    const call = callUnary(bad.connection, TARGET, REQUEST);
    bad.peer().onResponseEnd(statusTrailers(code, ""));
    return await call.catch((error: GrpcError) => error.code);
  };
  expect([await failing(7), await failing(0)]).toEqual([7, 13]);
});

test("whoever ends a call over a message hears nothing of those that came with it", () => {
  const { connection, peer, sent } = scripted();
  const heard: string[] = [];
  const call = callStreaming(connection, TARGET, REQUEST, {
    onMessage: (message) => {
      heard.push(Buffer.from(message).toString());
      call.cancel();
    },
    onEnd: ({ code }) => void heard.push(`ended ${code}`),
  });
  peer().onResponseHead(head(), false);
  const both = ["bad", "good"].map((text) => frameMessage(Buffer.from(text)));
  peer().onResponseBytes(...wholeOf(Buffer.concat(both)));
  expect([heard, sent.at(-1)]).toEqual([["bad", "ended 1"], "reset"]);
});
