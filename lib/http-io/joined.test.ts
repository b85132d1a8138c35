import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { Echo, RecordedAnswer, request } from "../../test/fake/driver-rig.ts";
import type { ServerStream } from "./exchange.ts";
import { JoinedConnection } from "./joined.ts";

const bytes = (text: string): Buffer => Buffer.from(text);
const settled = (): Promise<void> => Promise.resolve();
const OK = { status: 200, version: "HTTP/2" as const, headers: new HeaderList() };

/** A connection to an echo, a request on it, and its answer. */
function setup(onRequest?: (stream: ServerStream) => void) {
  const echo = new Echo();
  const connection = new JoinedConnection(
    "HTTP/2",
    onRequest ?? ((stream) => echo.onRequest(stream)),
  );
  const answer = new RecordedAnswer();
  const head = request("/", { method: "POST" });
  return { echo, connection, answer, head };
}

test("JoinedConnection hands a request on and its answer back, trailers and all", async () => {
  const { echo, connection, answer, head } = setup();
  const sent = connection.send(head, false, answer);
  // The client would not know yet whose answer it is.
  expect(answer.head).toBeUndefined();
  await settled();
  expect(answer.head?.status).toBe(200);
  expect(sent.sendBytes(bytes("-body-"), 1, 5)).toBe(true);
  sent.sendEnd(HeaderList.of(["a", "b"]));
  expect([answer.body, answer.ended, answer.trailers?.get("a")]).toEqual(["body", true, "b"]);
  expect(echo.resets).toEqual([]);
});

test("JoinedConnection gives the server a head of its own", () => {
  const { echo, connection, answer, head } = setup();
  connection.send(head, true, answer);
  const [stream] = echo.streams;
  if (stream === undefined) throw new Error("Cannot go on: no request came");
  stream.request.headers.add("x", "y");
  stream.request.path = "/other";
  expect([head.headers.has("x"), head.path, stream.requestEnded]).toEqual([false, "/", true]);
});

test("what is answered at once comes in order, also with a body that comes meanwhile", async () => {
  const { connection, answer, head } = setup((stream) => {
    stream.handler = {
      onRequestBytes: (chunk, from, to) => void stream.sendBytes(chunk, from, to),
      onRequestEnd: () => stream.sendEnd(undefined),
      onRequestReset: () => undefined,
      onResponseWritable: () => undefined,
    };
    stream.sendInformational({ ...OK, status: 103 });
    stream.sendHead(OK, false);
    stream.sendBytes(bytes("early "), 0, 6);
  });
  const sent = connection.send(head, false, answer);
  sent.sendBytes(bytes("late"), 0, 4);
  sent.sendEnd(undefined);
  expect([answer.head, answer.body]).toEqual([undefined, ""]);
  await settled();
  expect([answer.informational, answer.body, answer.ended]).toEqual([[103], "early late", true]);
});

test("a server that wants nothing more holds the body back, and gets all of it when it goes on", () => {
  let server: ServerStream | undefined;
  const seen: string[] = [];
  const { connection, answer, head } = setup((stream) => {
    server = stream;
    stream.handler = {
      onRequestBytes: (chunk, from, to) => {
        seen.push(chunk.toString("latin1", from, to));
        if (seen.length === 1) stream.pauseRequest();
      },
      onRequestEnd: () => void seen.push("end"),
      onRequestReset: () => undefined,
      onResponseWritable: () => undefined,
    };
    stream.pauseRequest();
  });
  const sent = connection.send(head, false, answer);
  expect(["one", "two"].map((text) => sent.sendBytes(bytes(text), 0, 3))).toEqual([false, false]);
  sent.sendEnd(undefined);
  expect(seen).toEqual([]);
  server?.resumeRequest();
  expect(seen).toEqual(["one"]);
  server?.resumeRequest();
  expect(seen).toEqual(["one", "two", "end"]);
  expect(answer.writable).toBe(0);
});

test("a client that is stopped is told when to go on, and one that stops the server lets it go on", async () => {
  const { echo, connection, answer, head } = setup();
  const sent = connection.send(head, false, answer);
  await settled();
  const [stream] = echo.streams;
  stream?.pauseRequest();
  expect(sent.sendBytes(bytes("a"), 0, 1)).toBe(false);
  stream?.resumeRequest();
  expect([answer.writable, answer.body]).toEqual([1, "a"]);
  sent.pauseResponse();
  expect(stream?.sendBytes(bytes("b"), 0, 1)).toBe(false);
  sent.resumeResponse();
  expect([echo.writable, answer.body]).toEqual([1, "ab"]);
});

test("either side gives up, and the other hears of it once", async () => {
  const { echo, connection, answer, head } = setup();
  const first = connection.send(head, false, answer);
  first.resetRequest(8);
  first.resetRequest(8);
  await settled();
  expect(echo.resets).toEqual([{ reason: "cancelled", code: 8, unprocessed: false }]);
  expect([answer.head, answer.reset]).toEqual([undefined, undefined]);
  const second = new RecordedAnswer();
  connection.send(head, false, second);
  await settled();
  echo.streams[1]?.resetResponse(2);
  echo.streams[1]?.sendEnd(undefined);
  expect([second.reset?.code, second.ended]).toEqual([2, false]);
});

test("a tunnel whose server has ended its side hears when its client is gone", async () => {
  const { echo, connection, answer, head } = setup();
  const sent = connection.send(head, false, answer);
  await settled();
  echo.streams[0]?.sendEnd(undefined);
  sent.resetRequest(8);
  expect([answer.ended, echo.resets]).toEqual([
    true,
    [{ reason: "cancelled", code: 8, unprocessed: false }],
  ]);
});
