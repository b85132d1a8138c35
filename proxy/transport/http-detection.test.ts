import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeByteStream } from "../../test/fake/byte-stream.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { DetectMetrics } from "../telemetry/detect-metrics.ts";
import { detectHttp } from "./http-detection.ts";

function setup(initial = "", ended = false) {
  const registry = new Registry();
  const clock = new FakeClock();
  const stream = new FakeByteStream();
  const found: string[] = [];
  detectHttp(
    stream,
    {
      ...{ clock, timeoutMs: 1000, initial: new TextEncoder().encode(initial), ended },
      counts: new DetectMetrics(registry, "inbound").of({ srv_name: "web" }),
    },
    (protocol, bytes, isEnded) =>
      found.push(`${protocol} ${new TextDecoder().decode(bytes)}${isEnded ? " ended" : ""}`),
  );
  const counted = (): readonly string[] =>
    [
      ...writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }).matchAll(
        /results_total\{result="(.*?)",.*\} 1/g,
      ),
    ].map(([, result]) => result ?? "");
  const send = (text: string): void => stream.handler.onData(new TextEncoder().encode(text));
  return { clock, stream, found, counted, send };
}

test.each([
  ["GET / HTTP/1.1\r\n", "http1", "http/1"],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2", "http/2"],
  ["\x00\x01", "opaque", "not_http"],
])("MET20, MET39: %p is counted as what it is", (text, protocol, result) => {
  const { found, counted, send } = setup();
  send(text);
  expect([found, counted()]).toEqual([[`${protocol} ${text}`], [result]]);
});

test("MET20, MET39: what was read before decides at once", () => {
  const { found, counted } = setup("GET / HTTP/1.1\r\n");
  expect([found, counted()]).toEqual([["http1 GET / HTTP/1.1\r\n"], ["http/1"]]);
});

test("MET20, MET39: time that runs out, ends and connections that say nothing are told apart", () => {
  const late = setup();
  late.send("GET");
  late.clock.advance(1250);
  expect([late.found, late.counted()]).toEqual([["undefined GET"], ["read_timeout"]]);
  const half = setup();
  half.send("GET");
  half.stream.handler.onEnd();
  expect([half.found, half.counted()]).toEqual([["undefined GET ended"], ["not_http"]]);
  const mute = setup();
  mute.stream.handler.onEnd();
  expect([mute.found, mute.counted(), mute.stream.ended]).toEqual([[], ["error"], true]);
  const gone = setup();
  gone.stream.handler.onClose(undefined);
  expect([gone.found, gone.counted()]).toEqual([[], ["error"]]);
});

test("where the peer has ended already it is decided at once by what there is", () => {
  const [http, other, none] = ["GET / HTTP/1.1\r\n\r\n", "\x16", ""].map((text) =>
    setup(text, true),
  );
  expect([http?.found, http?.counted()]).toEqual([
    ["http1 GET / HTTP/1.1\r\n\r\n ended"],
    ["http/1"],
  ]);
  expect([other?.found, other?.counted()]).toEqual([["opaque \x16 ended"], ["not_http"]]);
  expect([none?.found, none?.stream.ended, none?.counted()]).toEqual([[], true, ["error"]]);
});
