import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { ResponseHead } from "#lib/http/message.ts";
import type { Reset } from "#lib/http-io/exchange.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { answerHead, FakeForwarding } from "../../test/fake/forwarding.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import { routeFamilies } from "../telemetry/route-metrics.ts";

const BROKEN: Reset = { reason: "connection", code: ErrorCode.INTERNAL_ERROR, unprocessed: false };

test("MET2: a client whose connection is broken off, and so tells of its end, is counted once", () => {
  const bed = new FakeForwarding({ method: "POST" }, false);
  const ends: string[] = [];
  bed.forwarded.tally.scope = bed.scope(ends);
  bed.stream.resetResponse = () => bed.forwarded.onRequestReset(BROKEN);
  bed.forwarded.begin();
  bed.connect();
  bed.upstream?.onResponseHead(answerHead(), false);
  bed.upstream?.onResponseReset(BROKEN);
  expect(ends).toEqual(["200 failed"]);
});

test("WIRE11, ERR10, ERR19: a reset is passed on to HTTP/2, and 502 for HTTP/1 that was carried over it", () => {
  const reset: Reset = { ...BROKEN, reason: "cancelled" };
  const told = (carried: boolean): readonly string[] => {
    const bed = new FakeForwarding({ version: "HTTP/2" });
    bed.forwarded.begin();
    bed.forwarded.turned = carried ? "carried" : "nothing";
    bed.connect();
    bed.upstream?.onResponseReset(reset);
    return bed.said;
  };
  expect([told(false), told(true)]).toEqual([["reset 2"], ["502 end"]]);
});

/** A call that may be tried again by its code, at its server. */
function called(requestEnded: boolean): FakeForwarding {
  const headers = HeaderList.of(["content-type", "application/grpc"]);
  const bed = new FakeForwarding({ version: "HTTP/2", method: "POST", headers }, requestEnded);
  bed.retry({ codes: [14] });
  bed.limit({ headersMs: 100 });
  bed.forwarded.begin();
  bed.connect();
  return bed;
}

test.each([
  ["HTTP/2", "nothing", 200],
  ["HTTP/1.1", "nothing", 502],
  ["HTTP/2", "carried", 502],
] as const)(
  "ERR10, MET24: a call that came over %s (%s) fails with %p, and is counted so",
  (version, turned, status) => {
    const registry = new Registry();
    const headers = HeaderList.of(["content-type", "application/grpc-web-text"]);
    const bed = new FakeForwarding({ version, method: "POST", headers });
    bed.forwarded.tally.enter(routeFamilies(registry).http.route({}));
    bed.forwarded.begin();
    bed.forwarded.turned = turned;
    bed.forwarded.fail("io", "connection to endpoint ended");
    expect(bed.said).toEqual([`${status} end`]);
    expect(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 })).toContain(
      `http_status="${status}",error=""} 1`,
    );
  },
);

test("P33: whether a failed connection is tried again depends on how its client is answered", () => {
  const tries = (version: "HTTP/1.1" | "HTTP/2"): number => {
    const headers = HeaderList.of(["content-type", "application/grpc-web"]);
    const bed = new FakeForwarding({ version, method: "POST", headers });
    bed.retry({ codes: [14] });
    bed.forwarded.begin();
    bed.forwarded.fail("io", "connection to endpoint ended");
    return bed.told.filter((each) => each === "waits").length;
  };
  expect([tries("HTTP/2"), tries("HTTP/1.1")]).toEqual([2, 1]);
});

test("P33: a client that waits for the head of its call's answer before it sends more gets it at once", () => {
  const bed = called(false);
  bed.upstream?.onResponseHead(answerHead(), false);
  expect(bed.said).toEqual(["pause", "resume", "200"]);
});

test("P33, P35: the time for the head of an answer is over when it comes, also where it is held", () => {
  const bed = called(true);
  bed.upstream?.onResponseHead(answerHead(), false);
  bed.clock.advance(1000);
  expect([bed.said, bed.sent]).toEqual([[], ["POST end"]]);
  bed.upstream?.onResponseBytes(...wholeOf(Buffer.from("message")));
  expect(bed.said).toEqual(["200", "data 7"]);
});

/** A head that has the code of a call already; what comes after it may be nothing but the end. */
const codedHead = (code: string): ResponseHead => ({
  ...answerHead(),
  headers: HeaderList.of(["grpc-status", code]),
});

test("P33: a call whose code is in the head is tried again, whether the head or an empty body ends it", () => {
  const waits = [true, false].map((ends) => {
    const bed = called(true);
    bed.upstream?.onResponseHead(codedHead("14"), ends);
    return [bed.said, bed.told.filter((each) => each === "waits").length, bed.sent];
  });
  expect(waits).toEqual([
    [[], 2, ["POST end"]],
    [[], 2, ["POST end", "reset 8"]],
  ]);
});

test("P33: a head that has the code of a call is not held back", () => {
  const bed = called(true);
  bed.upstream?.onResponseHead(codedHead("0"), false);
  expect(bed.said).toEqual(["200"]);
  bed.upstream?.onResponseEnd(undefined);
  expect([bed.said, bed.forwarded.tally.grpcStatus]).toEqual([["200", "end"], 0]);
});

test("MET2, P36: a call whose code is in the head ends with it, as it does where the trailers have one", () => {
  const outcome = (head: ResponseHead, trailers: HeaderList | undefined): readonly unknown[] => {
    const headers = HeaderList.of(["content-type", "application/grpc"]);
    const bed = new FakeForwarding({ version: "HTTP/2", method: "POST", headers });
    const ends: string[] = [];
    bed.forwarded.tally.scope = bed.scope(ends);
    bed.forwarded.begin();
    bed.connect();
    bed.upstream?.onResponseHead(head, false);
    bed.upstream?.onResponseEnd(trailers);
    return [ends, bed.told.filter((each) => each.startsWith("outcome"))];
  };
  const trailers = (code: string): HeaderList => HeaderList.of(["grpc-status", code]);
  const failed = [["200 failed"], ["outcome 200, 14"]];
  expect(outcome(codedHead("14"), undefined)).toEqual(failed);
  expect(outcome(codedHead("14"), new HeaderList())).toEqual(failed);
  expect(outcome(answerHead(), trailers("14"))).toEqual(failed);
  expect(outcome(codedHead("0"), undefined)).toEqual([["200"], ["outcome 200, 0"]]);
  expect(outcome(answerHead(), undefined)).toEqual([["200"], ["outcome 200, -1"]]);
});

test("who no longer waits for a connection is not kept by those that give it one", () => {
  const left = new FakeForwarding();
  left.forwarded.begin();
  left.forwarded.onRequestReset(BROKEN);
  const late = new FakeForwarding();
  late.limit({ requestMs: 100 });
  late.forwarded.begin();
  late.clock.advance(100);
  expect(left.told).toEqual(["waits", "waits no longer", "released"]);
  expect(late.told).toEqual([...left.told, "request-timeout"]);
  left.connect();
  left.forwarded.onConnectFailed(new Error("refused"));
  expect([left.told.length, left.sent]).toEqual([3, []]);
});

test("a request whose endpoint refused it does not flow before there is another one, whatever the first says", () => {
  const bed = new FakeForwarding({ method: "POST", version: "HTTP/2" }, false);
  bed.forwarded.begin();
  bed.connect();
  bed.upstream?.onResponseReset({ ...BROKEN, reason: "refused", unprocessed: true });
  const waits = bed.said.length;
  bed.upstream?.onRequestWritable();
  expect([bed.said[waits - 1], bed.said.length]).toEqual(["pause", waits]);
  bed.connect();
  expect(bed.said.at(-1)).toBe("resume");
});

test("P33: a body that is longer than is tried again has no time for each try, as the only one is the last", () => {
  const answered = (bytes: number): readonly string[] => {
    const bed = new FakeForwarding({ method: "POST", version: "HTTP/2" }, false);
    bed.retry({ maxRequestBytes: 10, statuses: [{ first: 500, last: 599 }] });
    bed.limit({ headersMs: 100 });
    bed.forwarded.begin();
    bed.connect();
    bed.forwarded.onRequestBytes(Buffer.alloc(bytes), 0, bytes);
    bed.forwarded.onRequestEnd(undefined);
    bed.clock.advance(100);
    return bed.sent.filter((each) => each.startsWith("reset"));
  };
  expect([answered(10), answered(11)]).toEqual([["reset 8"], []]);
});
