import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import {
  type ClientConnection,
  NOBODY,
  type ResponseHandler,
  type ServerStream,
} from "#lib/http-io/exchange.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { RecordedAnswer, request } from "../../test/fake/driver-rig.ts";
import type { Span } from "./span.ts";
import { Tracer, traced } from "./tracer.ts";

const [TRACE, SPAN] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
const OK = { status: 200, version: "HTTP/2" as const, headers: new HeaderList() };

/** A tracer, and a request of a trace. */
function setup(traceparent: string | undefined = `00-${TRACE}-${SPAN}-01`) {
  const clock = new FakeClock();
  const spans: Span[] = [];
  let turn = 0;
  const tracer = new Tracer({
    ...{ direction: "outbound", clock, random: () => ++turn / 100 },
    onSpan: (span) => void spans.push(span),
  });
  const head: RequestHead = request("/a?b=c");
  if (traceparent !== "") head.headers.set("traceparent", traceparent);
  return {
    clock,
    spans,
    tracer,
    head,
    spanIn: () => head.headers.get("traceparent")?.split("-")[2],
  };
}

/** A request that came, and what it is answered with. */
function came(head: RequestHead) {
  const calls: string[] = [];
  const stream: ServerStream = {
    ...{ request: head, requestEnded: true, handler: NOBODY },
    pauseRequest: () => void calls.push("pause"),
    resumeRequest: () => void calls.push("resume"),
    sendInformational: ({ status }) => void calls.push(`informational ${status}`),
    sendHead: ({ status }, end) => void calls.push(`head ${status} ${end}`),
    sendBytes: (_, from, to) => calls.push(`bytes ${from} ${to}`) > 0,
    sendEnd: () => void calls.push("end"),
    resetResponse: (code) => void calls.push(`reset ${code}`),
  };
  return { stream, calls };
}

/** A connection that notes the heads that go out. */
function connection() {
  const sent: (string | undefined)[] = [];
  let answer: ResponseHandler | undefined;
  const to = {
    version: "HTTP/2",
    send: (head: RequestHead, _: boolean, handler: ResponseHandler) => {
      sent.push(head.headers.get("traceparent"));
      answer = handler;
      return {};
    },
  } as unknown as ClientConnection;
  return { to, sent, answer: () => answer as ResponseHandler };
}

test("P52: a request that comes in begins a span, which ends with the head of its answer", () => {
  const { clock, spans, tracer, head, spanIn } = setup();
  const { stream, calls } = came(head);
  const served = tracer.serve(stream);
  expect([served.request, served.requestEnded, served.handler]).toEqual([head, true, NOBODY]);
  clock.advance(250);
  served.pauseRequest();
  served.resumeRequest();
  served.sendInformational({ ...OK, status: 103 });
  expect(spans).toHaveLength(0);
  served.sendHead({ ...OK, status: 503 }, false);
  served.sendBytes(new Uint8Array(3), 1, 2);
  served.sendEnd(undefined);
  served.resetResponse(8);
  expect(calls).toEqual([
    ...["pause", "resume", "informational 103", "head 503 false", "bytes 1 2", "end", "reset 8"],
  ]);
  const [span] = spans;
  expect(span).toMatchObject({ traceId: TRACE, parentId: SPAN, name: "/a", kind: "server" });
  expect([span?.startMs, span?.endMs, span?.spanId]).toEqual([0, 250, spanIn() ?? ""]);
  expect(Object.fromEntries(span?.attributes ?? [])).toMatchObject({
    ...{ direction: "outbound", "url.query": "b=c", "http.response.status_code": "503" },
  });
});

test("P52: each time that it goes out is a span of its own, under that one", () => {
  const { spans, tracer, head, spanIn } = setup();
  const { to, sent, answer } = connection();
  for (const status of [503, 200]) {
    traced(tracer, to, head).send(head, true, new RecordedAnswer());
    expect(spanIn()).toBe(SPAN);
    answer().onResponseHead({ ...OK, status }, true);
  }
  expect(spans.map(({ kind, parentId }) => [kind, parentId])).toEqual([
    ["client", SPAN],
    ["client", SPAN],
  ]);
  expect(sent).toEqual(spans.map(({ spanId }) => `00-${TRACE}-${spanId}-01`));
  expect(new Set([SPAN, ...spans.map(({ spanId }) => spanId)]).size).toBe(3);
});

test("P52: what an endpoint answers is handed on, whatever it is", () => {
  const { tracer, head } = setup();
  const { to, answer } = connection();
  const got = new RecordedAnswer();
  traced(tracer, to, head).send(head, true, got);
  answer().onResponseInformational({ ...OK, status: 103 });
  answer().onResponseHead(OK, false);
  answer().onResponseBytes(Buffer.from("hello"), 1, 4);
  answer().onRequestWritable();
  answer().onResponseEnd(undefined);
  answer().onResponseReset({ reason: "cancelled", code: 8, unprocessed: false });
  expect([got.informational, got.body, got.writable, got.ended, got.reset?.code]).toEqual([
    ...[[103], "ell", 1, true, 8],
  ]);
});

test("P52: a trace that is not sampled goes on, and nobody is told", () => {
  const { spans, tracer, head, spanIn } = setup(`00-${TRACE}-${SPAN}-00`);
  const { stream } = came(head);
  expect(tracer.serve(stream)).toBe(stream);
  const server = spanIn();
  expect(server).not.toBe(SPAN);
  const { to, sent, answer } = connection();
  const got = new RecordedAnswer();
  traced(tracer, to, head).send(head, true, got);
  expect(answer()).toBe(got);
  expect(sent[0]).toMatch(/-00$/);
  expect(sent[0]).not.toContain(server ?? "");
  expect(spans).toEqual([]);
});

test("P52: a request without a trace begins none", () => {
  const { tracer, head } = setup("");
  const { stream } = came(head);
  const { to } = connection();
  expect([tracer.serve(stream), traced(tracer, to, head)]).toEqual([stream, to]);
  expect(traced(undefined, to, head)).toBe(to);
  expect(head.headers.names).toEqual([]);
});
