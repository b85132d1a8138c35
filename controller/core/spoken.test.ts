import { expect, test } from "bun:test";
import { isStronger, kindsOn, type Spoken, spokenOn } from "./spoken.ts";

test.each<[appProtocol: string | undefined, isOpaque: boolean, expected: Spoken]>([
  [undefined, false, "any"],
  ["", false, "any"],
  [undefined, true, "opaque"],
  ["HTTP", true, "http1"],
  ["kubernetes.io/h2c", true, "http2"],
  ["example.com/own", false, "opaque"],
])(
  "OUT2: a port of appProtocol %p, opaque: %p, is spoken on as %p",
  (protocol, isOpaque, expected) => {
    expect(spokenOn(protocol, isOpaque)).toBe(expected);
  },
);

test.each<[spoken: Spoken, kinds: string[]]>([
  ["any", ["GRPCRoute", "HTTPRoute", "TLSRoute", "TCPRoute"]],
  ["http1", ["HTTPRoute"]],
  ["http2", ["GRPCRoute", "HTTPRoute"]],
  ["opaque", ["TCPRoute"]],
])("OUT2, OUT3: where %s is spoken %j can hold, the stronger first", (spoken, kinds) => {
  expect(kindsOn(spoken)).toEqual(kinds as never);
  const [first] = kindsOn(spoken);
  if (first === undefined) throw new Error("nothing can hold");
  for (const other of kindsOn("any")) {
    expect(isStronger(first, other, spoken)).toBe(other !== first);
    expect(isStronger(other, first, spoken)).toBe(false);
  }
});
