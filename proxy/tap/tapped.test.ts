import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { ClientConnection, ResponseHandler } from "#lib/http-io/exchange.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { RecordedAnswer, request } from "../../test/fake/driver-rig.ts";
import { TappedConnection } from "./tapped.ts";
import { Tap, type TapMessage } from "./taps.ts";

type Told = { readonly case: string; readonly value: object };

/** A request that is looked at, its endpoint and what is told. */
function setup(headers = false) {
  const clock = new FakeClock();
  const told: TapMessage[] = [];
  const calls: string[] = [];
  let endpoint: ResponseHandler | undefined;
  const connection = {
    version: "HTTP/2",
    send: (_head: unknown, _end: boolean, handler: ResponseHandler) => {
      endpoint = handler;
      return {
        sendBytes: () => calls.push("bytes") > 0,
        sendEnd: () => void calls.push("end"),
        resetRequest: (code: number) => void calls.push(`reset ${code}`),
        pauseResponse: () => void calls.push("pause"),
        resumeResponse: () => void calls.push("resume"),
      };
    },
  } as unknown as ClientConnection;
  const tap = new Tap({
    ...{ base: 7, limit: 1, test: () => true, headers },
    send: (message) => void told.push(message),
    onEnd: () => void calls.push("told all"),
  });
  const head = { ...request("/a?b", { method: "POST" }), version: "HTTP/2" as const };
  const subject = {
    ...{ direction: "outbound" as const, request: head, source: undefined },
    destination: { ip: "10.0.0.1", port: 80 },
    ...{ sourceTls: {}, destinationTls: {}, destinationLabels: {}, routeLabels: undefined },
  };
  const id = tap.take(subject) ?? -1;
  const answer = new RecordedAnswer();
  const tapped = new TappedConnection(connection, { subject, taken: [{ tap, id }], clock });
  const stream = tapped.send(head, false, answer);
  if (endpoint === undefined) throw new Error("Cannot go on: nothing was sent");
  const values = () =>
    told.map((message) => (message as { event: { value: { event: Told } } }).event.value.event);
  return { clock, calls, endpoint, answer, stream, values };
}

const OK = { status: 200, version: "HTTP/2" as const };

test("P55: TappedConnection tells times, bytes and codes, and hands everything on", () => {
  const { clock, calls, endpoint, answer, stream, values } = setup();
  stream.sendBytes(Buffer.from("x"), 0, 1);
  stream.sendEnd(undefined);
  clock.advance(1500);
  endpoint.onResponseHead({ ...OK, headers: new HeaderList() }, false);
  clock.advance(250);
  endpoint.onResponseBytes(Buffer.from("hello"), 1, 4);
  stream.pauseResponse();
  stream.resumeResponse();
  endpoint.onRequestWritable();
  endpoint.onResponseEnd(HeaderList.of(["grpc-status", "5"]));
  expect(calls).toEqual(["bytes", "end", "pause", "resume", "told all"]);
  expect([answer.body, answer.ended, answer.writable]).toEqual(["ell", true, 1]);
  const [init, head, end] = values();
  expect(init).toMatchObject({ case: "requestInit", value: { path: "/a", id: { base: 7 } } });
  expect(init?.value).not.toHaveProperty("headers");
  expect(head?.value).toMatchObject({ sinceRequestInit: { seconds: 1n, nanos: 500_000_000 } });
  expect(end?.value).toMatchObject({
    sinceRequestInit: { seconds: 1n, nanos: 750_000_000 },
    sinceResponseInit: { seconds: 0n, nanos: 250_000_000 },
    responseBytes: 3n,
    eos: { end: { case: "grpcStatusCode", value: 5 } },
  });
});

test("P55: an answer that is only a head ends with it, its code included", () => {
  const { endpoint, answer, values } = setup(true);
  endpoint.onResponseHead({ ...OK, headers: HeaderList.of(["grpc-status", "14"]) }, true);
  expect(answer.ended).toBe(true);
  expect(values().map((each) => each.case)).toEqual(["requestInit", "responseInit", "responseEnd"]);
  expect(values()[2]?.value).toMatchObject({ eos: { end: { value: 14 } } });
  expect(values()[1]?.value).toMatchObject({
    headers: { headers: [{ name: ":status" }, { name: "grpc-status" }] },
  });
});

test("P55: whoever breaks off, it is told once", () => {
  const reset = { reason: "cancelled" as const, code: 2, unprocessed: false };
  const broken = setup();
  broken.endpoint.onResponseReset(reset);
  broken.stream.resetRequest(8);
  expect(broken.answer.reset).toEqual(reset);
  expect(broken.values().at(-1)?.value).toMatchObject({
    eos: { end: { case: "resetErrorCode", value: 2 } },
  });
  expect(broken.values()).toHaveLength(2);
  const left = setup();
  left.stream.resetRequest(8);
  expect(left.calls).toEqual(["told all", "reset 8"]);
  expect(left.values().at(-1)).toMatchObject({ case: "responseEnd", value: { eos: { end: {} } } });
});
