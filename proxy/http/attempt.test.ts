import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type {
  ClientConnection,
  ClientStream,
  ConnectionWaiter,
  Reset,
  ResponseHandler,
} from "#lib/http-io/exchange.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import { Attempt } from "./attempt.ts";
import { REPLAY_LIMIT_BYTES } from "./replay.ts";

const HEAD: RequestHead = {
  method: "POST",
  scheme: "",
  authority: "web",
  path: "/",
  version: "HTTP/1.1",
  protocol: "",
  headers: new HeaderList(),
};

/** A connection that writes down what is asked of it. */
function connect(): { readonly connection: ClientConnection; readonly seen: string[] } {
  const seen: string[] = [];
  const stream: ClientStream = {
    sendBytes: (bytes, from, to) => {
      seen.push(Buffer.from(bytes.subarray(from, to)).toString());
      return false;
    },
    sendEnd: () => void seen.push("end"),
    resetRequest: (code) => void seen.push(`reset ${code}`),
    pauseResponse: () => void seen.push("pause"),
    resumeResponse: () => void seen.push("resume"),
  };
  const connection: ClientConnection = {
    version: "HTTP/1.1",
    available: true,
    activeStreams: 0,
    send: (_, end) => {
      seen.push(end ? "head and end" : "head");
      return stream;
    },
    drain: () => undefined,
    destroy: () => undefined,
  };
  return { connection, seen };
}

const handler = {} as ResponseHandler;
const waiter = {} as ConnectionWaiter;
const lost = (over: Partial<Reset>): Reset => ({
  ...{ reason: "connection", code: 0, unprocessed: false },
  ...over,
});

test("what was sent of a body goes to the next endpoint before what is still to come", () => {
  const attempt = new Attempt(false);
  const [first, second] = [connect(), connect()];
  attempt.send(first.connection, HEAD, handler);
  const chunk = Buffer.from("one");
  attempt.keep(...wholeOf(chunk));
  expect([attempt.sendBytes(...wholeOf(chunk)), attempt.open]).toEqual([false, true]);
  expect([attempt.reset(8, waiter), attempt.reset(8, waiter), attempt.open]).toEqual([
    true,
    false,
    false,
  ]);
  attempt.keepEnd(undefined);
  attempt.sendEnd(undefined);
  attempt.ended = true;
  attempt.send(second.connection, HEAD, handler);
  attempt.pauseResponse();
  attempt.resumeResponse();
  expect(first.seen).toEqual(["head", "one", "reset 8"]);
  expect(second.seen).toEqual(["head", "one", "end", "pause", "resume"]);
  expect(attempt.bodyBytes).toBe(3);
});

test("a request without a body is sent as one", () => {
  const attempt = new Attempt(true);
  const { connection, seen } = connect();
  attempt.send(connection, HEAD, handler);
  attempt.over();
  expect([attempt.open, attempt.bodyBytes, seen]).toEqual([false, 0, ["head and end"]]);
});

test("what was answered, or is too long to be kept, is not sent again", () => {
  const answered = new Attempt(false);
  answered.keep(...wholeOf(Buffer.from("a")));
  answered.answered();
  const long = new Attempt(false);
  long.keep(...wholeOf(Buffer.alloc(REPLAY_LIMIT_BYTES + 1)));
  expect([answered.resendable, long.resendable, new Attempt(false).resendable]).toEqual([
    false,
    false,
    true,
  ]);
  expect(long.mayResend(lost({ unprocessed: true }), "GET")).toBe(false);
});

test("a connection that broke is tried once more where the method allows it, what was refused as often as it is", () => {
  const attempt = new Attempt(false);
  expect(attempt.mayResend(lost({ unprocessed: true }), "POST")).toBe(true);
  expect(attempt.mayResend(lost({}), "GET")).toBe(true);
  expect([attempt.mayResend(lost({}), "GET"), attempt.maybeProcessed]).toEqual([false, true]);
});
