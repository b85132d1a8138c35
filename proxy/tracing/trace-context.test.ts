import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { isSampled, readTrace, writeSpan } from "./trace-context.ts";

const [TRACE, SPAN, NEXT] = [
  "4bf92f3577b34da6a3ce929d0e0e4736",
  "00f067aa0ba902b7",
  "53995c3f42cd8ad8",
];
const of = (fields: Record<string, string>): HeaderList => HeaderList.of(...Object.entries(fields));
const bin = (hex: string): string => Buffer.from(hex, "hex").toString("base64");
const BINARY = `0000${TRACE}01${SPAN}0201`;

test.each([
  ["w3c", { traceparent: `00-${TRACE}-${SPAN}-01` }, { traceparent: `00-${TRACE}-${NEXT}-01` }],
  [
    "grpc",
    { "grpc-trace-bin": bin(BINARY) },
    { "grpc-trace-bin": bin(BINARY.replace(SPAN, NEXT)) },
  ],
  [
    "b3",
    { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "1" },
    { "x-b3-traceid": TRACE, "x-b3-sampled": "1", "x-b3-spanid": NEXT },
  ],
])("P52: a trace of %s is read, and goes on in the same form", (format, before, after) => {
  const headers = of(before as Record<string, string>);
  const trace = readTrace(headers);
  expect(trace).toMatchObject({ format, traceId: TRACE, parentId: SPAN, flags: 1 });
  if (trace === undefined) throw new Error("Cannot go on: no trace");
  expect(isSampled(trace)).toBe(true);
  writeSpan(headers, trace, NEXT);
  expect(Object.fromEntries(headers.names.map((name, i) => [name, headers.values[i]]))).toEqual(
    after as Record<string, string>,
  );
});

test("P52: W3C's comes before gRPC's, and that before B3's", () => {
  const all = {
    "x-b3-traceid": "a".repeat(32),
    "x-b3-spanid": SPAN,
    "grpc-trace-bin": bin(BINARY),
    traceparent: `00-${"b".repeat(32)}-${SPAN}-00`,
  };
  expect(readTrace(of(all))).toMatchObject({ format: "w3c", flags: 0 });
  const { traceparent: _, ...others } = all;
  expect(readTrace(of(others))?.format).toBe("grpc");
});

test("P52: nobody begins a trace", () => {
  const headers = of({ accept: "a" });
  expect(readTrace(headers)).toBeUndefined();
  expect(headers.names).toEqual(["accept"]);
});

test.each([
  ["of digits that are none", `00-${TRACE}x-${SPAN}-01`],
  ["of too few", `00-${TRACE.slice(2)}-${SPAN}-01`],
  ["of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
  ["of a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
  ["in capitals", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ["of a version that is none", `ff-${TRACE}-${SPAN}-01`],
  ["that is huge", `00-${TRACE}-${SPAN}-01-${"a".repeat(70_000)}`],
  ["that is empty", ""],
  ["with an escape", `00-${TRACE}-${SPAN}-01\u001b[31m`],
])("K20: a traceparent %s is taken out, and its state", (_, traceparent) => {
  const headers = of({ traceparent, tracestate: "a=b", accept: "c" });
  expect(readTrace(headers)).toBeUndefined();
  expect(headers.names).toEqual(["accept"]);
});

test("K20: a version that is not known is left alone", () => {
  const headers = of({ traceparent: `01-${TRACE}-${SPAN}-01-more`, tracestate: "a=b" });
  expect(readTrace(headers)).toBeUndefined();
  expect(headers.names).toEqual(["traceparent", "tracestate"]);
});

test.each([
  ["that is no base64", { "grpc-trace-bin": "???" }],
  ["that is cut", { "grpc-trace-bin": bin(BINARY.slice(0, 20)) }],
  ["without a span", { "grpc-trace-bin": bin(`0000${TRACE}`) }],
  ["that is huge", { "grpc-trace-bin": "A".repeat(4096) }],
  ["of B3 that is no number", { "x-b3-traceid": "zz".repeat(16) }],
  ["of B3 that is too long", { "x-b3-spanid": "ab".repeat(9) }],
  ["with a huge state", { tracestate: `a=${"b".repeat(8192)}` }],
  ["with huge baggage", { baggage: `a=${"b".repeat(70_000)}` }],
])("K20: a trace %s is taken out", (_, fields) => {
  const headers = of({ ...(fields as Record<string, string>), accept: "c" });
  expect(readTrace(headers)).toBeUndefined();
  expect(headers.names).toEqual(["accept"]);
});

test("K20: what several fields say beside a trace is huge together", () => {
  const headers = HeaderList.of(
    ...[1, 2].map(() => ["baggage", `a=${"b".repeat(4100)}`] as const),
    ...[1, 2].map(() => ["tracestate", `a=${"b".repeat(4000)}`] as const),
  );
  readTrace(headers);
  expect(headers.names).toEqual(["tracestate", "tracestate"]);
});

test("P52: shorter ids of B3 are filled up, and who does not say that it is sampled is not", () => {
  const trace = readTrace(of({ "x-b3-traceid": "A3CE929D0E0E4736", "x-b3-spanid": "0102" }));
  expect(trace).toEqual({
    ...{ format: "b3", traceId: "0000000000000000a3ce929d0e0e4736", parentId: "0000000000000102" },
    flags: 0,
  });
});
