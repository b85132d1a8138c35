import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { LineError } from "#lib/http-io/waiting-line.ts";
import { inboundBed, ok, PLAIN, WEB } from "../../test/fake/inbound-bed.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";

test("P5, ERR6, INBOUND_MAX_IN_FLIGHT: of more requests than may wait for an answer the rest gets 503 at once", () => {
  const { ask, connect, inFlight, metrics } = inboundBed("all-unauthenticated", WEB, 2);
  const first = ask();
  ask();
  expect(ask().sent).toEqual(["503 too many requests are under way end"]);
  expect(metrics()).toContain('error="loadshed"} 1\n');
  // An answer that has begun makes room, and so does a caller who gives up.
  connect().handler.onResponseHead(ok(), false);
  const third = ask();
  expect([inFlight.count, first.sent]).toEqual([2, ["200 "]]);
  third.stream.handler.onRequestReset({ reason: "cancelled", code: 8, unprocessed: false });
  expect([inFlight.count, ask().sent]).toEqual([1, []]);
});

test("P53: every answer is told to the access log, the proxy's own too", () => {
  const { ask, connect, clock, accessed } = inboundBed("all-authenticated", WEB);
  clock.advance(5);
  ask({ path: "/a" });
  clock.advance(2);
  const { handler } = connect();
  clock.advance(10);
  handler.onResponseHead({ ...ok(), headers: HeaderList.of(["content-length", "7"]) }, false);
  expect(accessed).toEqual([
    expect.objectContaining({
      client: "10.0.0.9:12345",
      ...{ clientId: "web.ns", status: 200, responseBytes: "7", totalMs: 12, processingMs: 2 },
    }),
  ]);
  const denied = inboundBed("all-authenticated", PLAIN);
  denied.ask();
  expect(denied.accessed).toEqual([
    expect.objectContaining({ clientId: undefined, status: 403, totalMs: 0, processingMs: 0 }),
  ]);
});

test("HDR1: the application hears the verified identity and none that the client sent", () => {
  for (const [tls, heard] of [
    [WEB, "web.ns"],
    [PLAIN, "-"],
  ] as const) {
    const { ask, connect } = inboundBed("all-unauthenticated", tls);
    ask({ headers: HeaderList.of(["l5d-client-id", "forged"], ["connection", "close"]) });
    expect(connect().upstream).toEqual([`GET ${heard} end`]);
  }
});

test("a body waits for the connection, flows with back-pressure, and the response comes back", () => {
  const { ask, connect, metrics } = inboundBed("all-unauthenticated", WEB);
  const { sent, stream } = ask({ method: "POST" }, false);
  const { upstream, handler } = connect();
  stream.handler.onRequestBytes(...wholeOf(new Uint8Array(5)));
  handler.onRequestWritable();
  stream.handler.onRequestEnd(undefined);
  handler.onResponseInformational({ ...ok(), status: 103 });
  handler.onResponseHead(ok(), false);
  handler.onResponseBytes(...wholeOf(new Uint8Array(7)));
  stream.handler.onResponseWritable();
  handler.onResponseEnd(undefined);
  expect(upstream).toEqual(["POST web.ns", "data 5", "end", "pause", "resume"]);
  expect(sent).toEqual(["pause", "resume", "pause", "resume", "info 103", "200 ", "data 7", "end"]);
  expect(metrics()).toContain('classification="success"');
});

test("ERR9, ERR10: an application that refuses or does not answer gives 502 and 504, after the tries are used up", () => {
  for (const [code, status] of [
    ["refused", 502],
    ["timeout", 504],
  ] as const) {
    const { ask, waiters } = inboundBed("all-unauthenticated", WEB);
    const { sent } = ask();
    while (waiters.length > 0)
      waiters.shift()?.onConnectFailed(Object.assign(new Error("away"), { code }));
    expect(sent).toEqual([`${status} away end`]);
  }
});

const BROKEN = { reason: "connection", code: 2, unprocessed: false } as const;

test("a request that the application did not take is tried again", () => {
  const { ask, connect } = inboundBed("all-unauthenticated", WEB);
  const { sent } = ask();
  connect().handler.onResponseReset({ ...BROKEN, unprocessed: true });
  connect().handler.onResponseHead(ok(), true);
  expect(sent).toEqual(["200  end"]);
});

test("E20: one that it may have seen is sent once more where its method allows, and then fails", () => {
  const { ask, connect } = inboundBed("all-unauthenticated", WEB);
  const { sent } = ask();
  connect().handler.onResponseReset(BROKEN);
  connect().handler.onResponseReset(BROKEN);
  expect(sent).toEqual(["502 connection to endpoint ended end"]);
  const post = ask({ method: "POST" });
  connect().handler.onResponseReset(BROKEN);
  expect(post.sent).toEqual(["502 connection to endpoint ended end"]);
});

test("ERR19: a reset is passed on, both ways", () => {
  const { ask, connect } = inboundBed("all-unauthenticated", WEB);
  const { sent } = ask({ version: "HTTP/2", scheme: "http" });
  connect().handler.onResponseReset({ reason: "cancelled", code: 8, unprocessed: false });
  expect(sent).toEqual(["reset 8"]);
  const late = ask({ version: "HTTP/2", scheme: "http" });
  const { handler } = connect();
  handler.onResponseHead(ok(), false);
  handler.onResponseReset({ reason: "connection", code: 0, unprocessed: false });
  expect(late.sent).toEqual(["200 ", "reset 2"]);
  const left = ask();
  const { upstream } = connect();
  left.stream.handler.onRequestReset({ reason: "cancelled", code: 8, unprocessed: false });
  expect(upstream).toEqual(["GET web.ns end", "reset 8"]);
});

test("WIRE11: a carried request is restored, and its response carries the version back", () => {
  const { ask, connect } = inboundBed("all-unauthenticated", WEB);
  const { request } = ask({
    version: "HTTP/2",
    scheme: "http",
    headers: HeaderList.of(["l5d-orig-proto", "HTTP/1.1"]),
  });
  const head = ok();
  connect().handler.onResponseHead(head, true);
  expect([request.version, head.headers.get("l5d-orig-proto")]).toEqual(["HTTP/1.1", "HTTP/1.1"]);
});

test("WIRE11, ERR5: a call that was carried is HTTP/1, and so is what it hears of an application that is away", () => {
  const { ask, waiters } = inboundBed("all-unauthenticated", WEB);
  const sent = [["l5d-orig-proto", "HTTP/1.1"] as const, undefined].map((carried) => {
    const headers = HeaderList.of(["content-type", "application/grpc-web"]);
    if (carried !== undefined) headers.add(...carried);
    const asked = ask({ method: "POST", version: "HTTP/2", scheme: "http", headers });
    waiters.at(-1)?.onConnectFailed(new LineError("failfast"));
    return asked.sent;
  });
  const { message } = new LineError("failfast");
  expect(sent).toEqual([[`504 ${message} end`], [`200 4${message} end`]]);
});
