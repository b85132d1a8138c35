import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  encodeTransportHeader,
  readTransportHeader,
  TRANSPORT_HEADER_LIMIT_BYTES,
} from "./header.ts";

const PREFACE = "7472616e73706f72742e6c35642e696f2f76310d0a0d0a";
const bytesOf = (hex: string): Uint8Array => Uint8Array.fromHex(hex);

test("WIRE7, WIRE8: encodeTransportHeader() writes preface, length and message", () => {
  expect(encodeTransportHeader({ port: 8080, name: "", sessionProtocol: "http2" }).toHex()).toBe(
    `${PREFACE}0000000708903f1a021200`,
  );
  expect(encodeTransportHeader({ port: 80, name: "", sessionProtocol: undefined }).toHex()).toBe(
    `${PREFACE}000000020850`,
  );
});

test("WIRE7: readTransportHeader() waits at every byte, then gives header and rest", () => {
  fc.assert(
    fc.property(
      fc.record({
        port: fc.integer({ min: 1, max: 65_535 }),
        name: fc.domain(),
        sessionProtocol: fc.constantFrom("http1" as const, "http2" as const, undefined),
      }),
      (header) => {
        const bytes = encodeTransportHeader(header);
        for (let length = 0; length < bytes.length; length++)
          expect(readTransportHeader(bytes.subarray(0, length))).toEqual({ type: "incomplete" });
        expect(readTransportHeader(Uint8Array.from([...bytes, 7]))).toEqual({
          type: "header",
          header,
          rest: Uint8Array.of(7),
        });
      },
    ),
    { numRuns: 20 },
  );
});

test("readTransportHeader() passes over unknown fields", () => {
  expect(readTransportHeader(bytesOf(`${PREFACE}0000000808504a01011a0122`))).toMatchObject({
    header: { port: 80, sessionProtocol: undefined },
  });
});

test.each([
  ["another preface", "474554"],
  ["no port", `${PREFACE}00000000`],
  ["a port too high", `${PREFACE}0000000408808004`],
  ["a truncated field", `${PREFACE}0000000208ff`],
  ["a length past the end", `${PREFACE}00000002120a`],
  ["another wire type", `${PREFACE}00000003095000`],
  [
    "too long a message",
    `${PREFACE}0000${(TRANSPORT_HEADER_LIMIT_BYTES + 1).toString(16).padStart(4, "0")}`,
  ],
])("readTransportHeader() refuses %s", (_, hex) => {
  expect(readTransportHeader(bytesOf(hex))).toEqual({ type: "invalid" });
});
