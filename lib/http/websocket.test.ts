import { describe, expect, test } from "bun:test";
import { livingArrays } from "../../test/fake/living-arrays.ts";
import {
  acceptKey,
  CloseCode,
  encodeClose,
  encodeFrame,
  Opcode,
  WebSocketError,
  WebSocketReader,
} from "./websocket.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const MASK = hex("37fa213d");

/** What a reader tells of bytes that come in pieces. */
function read(
  pieces: readonly Uint8Array[],
  limits: { readonly masked?: boolean; readonly messageBytes?: number } = {},
): string[] {
  const told: string[] = [];
  const show = (bytes: Uint8Array): string =>
    bytes.length > 99 ? `${bytes.length} bytes` : Buffer.from(bytes).toString();
  const reader = new WebSocketReader(
    {
      onMessage: (payload, text) => void told.push(`${text ? "text" : "binary"} ${show(payload)}`),
      onPing: (payload) => void told.push(`ping ${show(payload)}`),
      onPong: (payload) => void told.push(`pong ${show(payload)}`),
      onClose: (code, reason) => void told.push(`close ${code} ${reason}`),
    },
    { masked: limits.masked ?? false, messageBytes: limits.messageBytes ?? 100_000 },
  );
  try {
    for (const piece of pieces) reader.take(piece);
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error;
    told.push(`${error.code} ${error.message.replace("Cannot read WebSocket: ", "")}`);
  }
  return told;
}

test("the key of the RFC's handshake is accepted", () => {
  expect(acceptKey("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

describe("frames of RFC 6455 §5.7", () => {
  const FRAMES: readonly [string, string, string[], boolean][] = [
    ["text", "81 05 48656c6c6f", ["text Hello"], false],
    ["masked text", "81 85 37fa213d 7f9f4d5158", ["text Hello"], true],
    ["fragments", "01 03 48656c 80 02 6c6f", ["text Hello"], false],
    ["a ping", "89 05 48656c6c6f", ["ping Hello"], false],
    ["a masked pong", "8a 85 37fa213d 7f9f4d5158", ["pong Hello"], true],
    ["256 bytes", `82 7e 0100 ${"00".repeat(256)}`, ["binary 256 bytes"], false],
    ["64 KiB", `82 7f 0000000000010000 ${"00".repeat(65_536)}`, ["binary 65536 bytes"], false],
    ["a ping within a message", "01 01 48 89 01 21 80 01 69", ["ping !", "text Hi"], false],
    ["nothing", "82 00", ["binary "], false],
    ["a close with a reason", "88 04 03e8 6f6b", ["close 1000 ok"], false],
    ["a bare close", "88 00", ["close 1005 "], false],
    ["what comes after a close", "88 00 81 05 48656c6c6f", ["close 1005 "], false],
  ];
  test.each([...FRAMES])("%s", (_, bytes, told, masked) => {
    const whole = hex(bytes);
    expect(read([whole], { masked })).toEqual(told);
    if (whole.length > 300) return;
    for (let cut = 0; cut <= whole.length; cut += 1)
      expect(read([whole.subarray(0, cut), whole.subarray(cut)], { masked })).toEqual(told);
    expect(
      read(
        [...whole].map((byte) => Uint8Array.of(byte)),
        { masked },
      ),
    ).toEqual(told);
  });

  test.each([...FRAMES].filter(([name]) => !name.includes("after")))(
    "nothing is told of %s before its last byte",
    (_, bytes, told, masked) => {
      const whole = hex(bytes);
      const cuts = whole.length > 300 ? [0, 1, 2, 3, 9, 10, whole.length - 1] : whole.keys();
      for (const cut of cuts)
        expect(read([whole.subarray(0, cut)], { masked })).not.toContain(told.at(-1) ?? "");
    },
  );
});

test.each([
  ["reserved bits", "c1 00", "1002 reserved bits are set"],
  ["an unknown opcode", "83 00", "1002 opcode 3 is unknown"],
  ["an unknown control", "8b 00", "1002 opcode 11 is unknown"],
  ["a ping in pieces", "09 00", "1002 a control frame is in pieces or too long"],
  ["a long ping", "89 7e", "1002 a control frame is in pieces or too long"],
  ["a continuation of nothing", "80 00", "1002 a continuation continues nothing"],
  ["a message in a message", "01 00 81 00", "1002 a message begins within another one"],
  ["half a close code", "88 01 03", "1002 a close frame has half a code"],
  ["a mask where none may be", "81 80", "1002 a server's frame is masked"],
  ["a long message, at its length", "82 7e 03e9", "1009 a message is longer than 1000 bytes"],
  ["a very long message", "82 7f ffffffffffffffff", "1009 a message is longer than 1000 bytes"],
  [
    "a long message in pieces",
    `02 7e 03e0 ${"00".repeat(992)} 80 09 ${"00".repeat(9)}`,
    "1009 a message is longer than 1000 bytes",
  ],
])("%s is refused", (_, bytes, told) => {
  expect(read([hex(bytes)], { messageBytes: 1000 })).toEqual([told]);
});

test("a client's frame without a mask is refused", () => {
  expect(read([hex("81 00")], { masked: true })).toEqual(["1002 a frame is not masked"]);
});

test.each([0, 1, 125, 126, 65_535, 65_536])("%d bytes are written and read", (length) => {
  const payload = Buffer.alloc(length, "a");
  const told = [`binary ${length > 99 ? `${length} bytes` : payload.toString()}`];
  expect(read([encodeFrame({ opcode: Opcode.binary, payload })])).toEqual(told);
  expect(
    read([encodeFrame({ opcode: Opcode.binary, payload, mask: MASK })], { masked: true }),
  ).toEqual(told);
});

test("a message in empty frames and in frames of a byte is kept in little more than its length", () => {
  const count = 20_000;
  const messages: Uint8Array[] = [];
  const reader = new WebSocketReader(
    {
      onMessage: (payload) => void messages.push(payload),
      onPing: () => undefined,
      onPong: () => undefined,
      onClose: () => undefined,
    },
    { masked: false, messageBytes: count },
  );
  reader.take(hex("01 01 78"));
  const before = livingArrays();
  reader.take(hex("00 00".repeat(count)));
  reader.take(hex("00 01 78".repeat(count - 1)));
  expect(livingArrays() - before).toBeLessThan(count / 100);
  reader.take(hex("80 00"));
  expect(messages.map((message) => Buffer.from(message).toString())).toEqual(["x".repeat(count)]);
});

test("an empty end does not take away what came before it", () => {
  expect(read([hex("01 02 6869 80 00")])).toEqual(["text hi"]);
  expect(read([hex("01 00 00 00 80 02 6869")])).toEqual(["text hi"]);
  expect(read([hex("01 00 00 00 80 00")])).toEqual(["text "]);
});

test("frames are written as the RFC shows them", () => {
  const payload = Buffer.from("Hello");
  const written = (frame: { readonly mask?: Uint8Array; readonly final?: boolean }): string =>
    Buffer.from(encodeFrame({ opcode: Opcode.text, payload, ...frame })).toString("hex");
  expect(written({})).toBe("810548656c6c6f");
  expect(written({ mask: MASK })).toBe("818537fa213d7f9f4d5158");
  expect(written({ final: false })).toBe("010548656c6c6f");
});

test("a reason is cut between characters", () => {
  expect(Buffer.from(encodeClose(CloseCode.normal, "ok")).toString("hex")).toBe("03e86f6b");
  const long = encodeClose(CloseCode.internalError, `${"x".repeat(122)}ü`);
  expect(long.length).toBe(2 + 122);
  expect(encodeClose(CloseCode.internalError, "y".repeat(200)).length).toBe(125);
});
