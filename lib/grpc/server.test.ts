import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHandler, ServerStream } from "#lib/http-io/exchange.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import { frameMessage } from "./framing.ts";
import { type CallHandler, createGrpcHandler, type ServerCall } from "./server.ts";
import { GrpcCode, GrpcError } from "./status.ts";

/** A request that records what is answered. */
class Recorded {
  readonly sent: string[] = [];
  writable = true;
  readonly stream: ServerStream;

  constructor(path: string, requestEnded = false) {
    this.stream = {
      request: {
        method: "POST",
        scheme: "http",
        authority: "a",
        path,
        version: "HTTP/2",
        protocol: "",
        headers: HeaderList.of(["content-type", "application/grpc"], ["l5d-client-id", "web"]),
      },
      requestEnded,
      handler: undefined as unknown as RequestHandler,
      pauseRequest: () => undefined,
      resumeRequest: () => undefined,
      sendInformational: () => undefined,
      sendHead: (head, end) =>
        this.sent.push(`head ${head.headers.get("grpc-status") ?? ""}${end ? " end" : ""}`),
      sendBytes: (chunk) => {
        this.sent.push(`data ${Buffer.from(chunk.subarray(5)).toString()}`);
        return this.writable;
      },
      sendEnd: (trailers) =>
        this.sent.push(
          `end ${trailers?.get("grpc-status")} ${trailers?.get("grpc-message") ?? ""}`,
        ),
      resetResponse: () => undefined,
    };
  }

  ask(handler: CallHandler | undefined, message = "question"): this {
    const methods = new Map(handler === undefined ? [] : [["/s/M", handler]]);
    createGrpcHandler(methods).onRequest(this.stream);
    this.stream.handler?.onRequestBytes(...wholeOf(frameMessage(Buffer.from(message))));
    this.stream.handler?.onRequestEnd(undefined);
    return this;
  }
}

const bytes = (text: string): Uint8Array => frameMessage(Buffer.from(text));

test("createGrpcHandler() answers a call, which knows its request and its caller", () => {
  const recorded = new Recorded("/s/M").ask((call) => {
    expect([Buffer.from(call.request).toString(), call.clientId]).toEqual(["question", "web"]);
    call.send(bytes("answer"));
    call.end(0, "");
    call.end(13, "late");
  });
  expect(recorded.sent).toEqual(["head ", "data answer", "end 0 "]);
});

test("createGrpcHandler() answers errors with a status and no body", () => {
  expect(new Recorded("/s/Other").ask(() => undefined).sent).toEqual(["head 12 end"]);
  expect(new Recorded("/s/M", true).ask(() => undefined).sent).toEqual(["head 3 end"]);
  const refused = new Recorded("/s/M").ask(() => {
    throw new GrpcError(5, "not here");
  });
  expect(refused.sent).toEqual(["head 5 end"]);
  const broken = new Recorded("/s/M");
  const ours = new Error("ours");
  expect(() =>
    broken.ask(() => {
      throw ours;
    }),
  ).toThrow(ours);
  expect(broken.sent).toEqual(["head 13 end"]);
});

test("a call without exactly one message, or with a compressed one, is refused", () => {
  const none = new Recorded("/s/M");
  createGrpcHandler(new Map([["/s/M", () => undefined]])).onRequest(none.stream);
  none.stream.handler.onRequestEnd(undefined);
  expect(none.sent).toEqual(["head 3 end"]);
  const compressed = new Recorded("/s/M");
  createGrpcHandler(new Map([["/s/M", () => undefined]])).onRequest(compressed.stream);
  compressed.stream.handler.onRequestBytes(...wholeOf(Uint8Array.of(1, 0, 0, 0, 0)));
  compressed.stream.handler.onRequestEnd(undefined);
  expect(compressed.sent).toEqual(["head 13 end"]);
});

test("what a handler throws ends its call, and is told to whoever wants to know", () => {
  const faults: string[] = [];
  const recorded = new Recorded("/s/M");
  const handler: CallHandler = () => {
    throw new Error("ours");
  };
  const onFault = (error: Error): void => void faults.push(error.message);
  createGrpcHandler(new Map([["/s/M", handler]]), { onFault }).onRequest(recorded.stream);
  recorded.stream.handler.onRequestBytes(...wholeOf(frameMessage(Buffer.from("question"))));
  recorded.stream.handler.onRequestEnd(undefined);
  expect([faults, recorded.sent]).toEqual([["ours"], ["head 13 end"]]);
});

test.each([
  ["POST", "application/json", 415],
  ["POST", "application/grpc-web", 415],
  ["GET", "application/grpc", 405],
])("%s with %s is no call: %p", (method, contentType, status) => {
  const recorded = new Recorded("/s/M");
  recorded.stream.request.method = method;
  recorded.stream.request.headers.set("content-type", contentType);
  let answered = 0;
  recorded.stream.sendHead = (head) => {
    answered = head.status;
  };
  recorded.ask(() => undefined);
  expect(answered).toBe(status);
});

test("a slow caller gets the newest message, and a caller that leaves is told once", () => {
  let call: ServerCall | undefined;
  let cancelled = 0;
  const recorded = new Recorded("/s/M");
  recorded.writable = false;
  recorded.ask((each) => {
    call = each;
    each.onCancel = () => cancelled++;
    each.send(bytes("one"));
  });
  call?.send(bytes("two"));
  call?.send(bytes("three"));
  recorded.stream.handler.onResponseWritable();
  expect(recorded.sent).toEqual(["head ", "data one", "data three"]);
  recorded.stream.handler.onRequestReset({ reason: "cancelled", code: 8, unprocessed: false });
  call?.send(bytes("four"));
  expect([cancelled, recorded.sent.length]).toEqual([1, 3]);
});

test("what waits for a slow caller is sent before the call ends", () => {
  for (const [code, end] of [
    [GrpcCode.OK, "end 0 "],
    [GrpcCode.ABORTED, "end 10 "],
  ] as const) {
    const recorded = new Recorded("/s/M");
    recorded.writable = false;
    recorded.ask((call) => {
      for (const text of ["first", "old", "newest"]) call.send(bytes(text));
      call.end(code, "");
      call.send(bytes("late"));
    });
    recorded.stream.handler?.onResponseWritable();
    expect(recorded.sent).toEqual(["head ", "data first", "data newest", end]);
  }
});

test("a call that is behind says so, and is told when its caller reads again", () => {
  let call: ServerCall | undefined;
  let woken = 0;
  const recorded = new Recorded("/s/M").ask((asked) => {
    call = asked;
    asked.onWritable = () => woken++;
  });
  recorded.writable = false;
  call?.send(bytes("1"));
  expect(call?.blocked).toBe(true);
  call?.send(bytes("2"));
  recorded.writable = true;
  recorded.stream.handler?.onResponseWritable();
  expect([recorded.sent, woken, call?.blocked]).toEqual([["head ", "data 1", "data 2"], 1, false]);
});

test.each([
  ["50m", 50],
  ["1S", 1000],
  ["2M", 120_000],
])("grpc-timeout %s ends a call with DEADLINE_EXCEEDED after %p ms", (timeout, ms) => {
  const clock = new FakeClock();
  const recorded = new Recorded("/s/M");
  recorded.stream.request.headers.set("grpc-timeout", timeout);
  let cancelled = 0;
  const handler: CallHandler = (call) => {
    call.onCancel = () => cancelled++;
  };
  createGrpcHandler(new Map([["/s/M", handler]]), { clock }).onRequest(recorded.stream);
  recorded.stream.handler.onRequestBytes(...wholeOf(frameMessage(Buffer.from("question"))));
  recorded.stream.handler.onRequestEnd(undefined);
  clock.advance(ms - 1);
  expect(recorded.sent).toEqual([]);
  clock.advance(1);
  expect([recorded.sent, cancelled]).toEqual([["head 4 end"], 1]);
});

test("a grpc-timeout that is malformed does not count", () => {
  const clock = new FakeClock();
  const recorded = new Recorded("/s/M");
  recorded.stream.request.headers.set("grpc-timeout", "soon");
  createGrpcHandler(new Map([["/s/M", () => undefined]]), { clock }).onRequest(recorded.stream);
  expect(clock.nextMs).toBeUndefined();
});

test("createGrpcHandler() refuses requests that are too long, and the oldest where too many are not whole", () => {
  const asked: string[] = [];
  const handler: CallHandler = (call) => void asked.push(Buffer.from(call.request).toString());
  const grpc = createGrpcHandler(new Map([["/s/M", handler]]), {
    ...{ requestBytes: 10, unfinishedBytes: 20 },
  });
  const begin = (framed: Uint8Array): Recorded => {
    const recorded = new Recorded("/s/M");
    grpc.onRequest(recorded.stream);
    recorded.stream.handler?.onRequestBytes(...wholeOf(framed));
    return recorded;
  };
  const most = bytes("0123456789");
  expect(begin(bytes("0123456789a")).sent).toEqual(["head 8 end"]);
  const [first, second] = [begin(most.subarray(0, 14)), begin(most.subarray(0, 6))];
  // A whole one that has not ended is kept as well.
  const third = begin(most);
  expect([first, second, third].map(({ sent }) => sent)).toEqual([["head 8 end"], [], []]);
  second.stream.handler?.onRequestReset({ reason: "connection", code: 0, unprocessed: false });
  const fourth = begin(most.subarray(0, 14));
  expect([third, fourth].map(({ sent }) => sent)).toEqual([["head 8 end"], []]);
  fourth.stream.handler?.onRequestBytes(...wholeOf(most.subarray(14)));
  fourth.stream.handler?.onRequestEnd(undefined);
  expect(asked).toEqual(["0123456789"]);
  for (let at = 0; at < 3; at++) begin(most).stream.handler?.onRequestEnd(undefined);
  expect(asked).toHaveLength(4);
});

test("a call's request is kept no longer than its handler reads it", () => {
  let kept: ServerCall | undefined;
  new Recorded("/s/M").ask((call) => {
    kept = call;
  });
  expect(kept?.request).toHaveLength(0);
});
