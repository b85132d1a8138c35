import { expect, test } from "bun:test";
import fc from "fast-check";
import { CLIENT_HELLO_LIMIT_BYTES, CLIENT_HELLO_RECORDS, readClientHello } from "./client-hello.ts";

const u16 = (value: number): number[] => [value >> 8, value & 255];
const ascii = (name: string): number[] => [...new TextEncoder().encode(name)];
const extension = (kind: number, body: number[]): number[] => [
  ...u16(kind),
  ...u16(body.length),
  ...body,
];

/** A ClientHello message with SNI and ALPN, in as many records as asked. */
function hello(sni: string | undefined, alpn: string[], recordBytes = 16_384): Uint8Array {
  const names = alpn.flatMap((name) => [name.length, ...ascii(name)]);
  const extensions = [
    ...(sni === undefined
      ? []
      : extension(0, [...u16(sni.length + 3), 0, ...u16(sni.length), ...ascii(sni)])),
    ...(alpn.length === 0 ? [] : extension(16, [...u16(names.length), ...names])),
  ];
  const body = [
    3,
    3,
    ...new Array<number>(32).fill(7),
    0,
    ...u16(2),
    0x13,
    1,
    1,
    0,
    ...u16(extensions.length),
    ...extensions,
  ];
  const message = [1, 0, ...u16(body.length), ...body];
  const records: number[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    const part = message.slice(at, at + recordBytes);
    records.push(22, 3, 1, ...u16(part.length), ...part);
  }
  return Uint8Array.from(records);
}

test("P6: readClientHello() reads SNI and ALPN", () => {
  expect(readClientHello(hello("Web.example", ["h2", "http/1.1"]))).toEqual({
    type: "tls",
    sni: "web.example",
    alpn: ["h2", "http/1.1"],
  });
  expect(readClientHello(hello(undefined, []))).toEqual({ type: "tls", sni: undefined, alpn: [] });
});

test.each([
  ["Web.Example.", "web.example"],
  ["a_b.test", "a_b.test"],
  [`${"a.".repeat(126)}a`, `${"a.".repeat(126)}a`],
  [`${"a.".repeat(126)}ab`, undefined],
  ["x".repeat(15_000), undefined],
  ["a..b", undefined],
  ["a.b..", undefined],
  ["a\nb", undefined],
  ['a"b', undefined],
  ["*.test", undefined],
  ["10.0.0.1", undefined],
  ["::1", undefined],
  [".", undefined],
  ["", undefined],
])("readClientHello() takes names of hosts for SNI and nothing else: %.40j", (given, sni) => {
  expect(readClientHello(hello(given, []))).toEqual({ type: "tls", sni, alpn: [] });
});

test("P6, C13: readClientHello() waits at every byte, in one record or many", () => {
  for (const bytes of [hello("a.b", ["h2"]), hello("a.b", ["h2"], 11)]) {
    for (let length = 0; length < bytes.length; length++)
      expect(readClientHello(bytes.subarray(0, length))).toEqual({ type: "incomplete" });
    expect(readClientHello(bytes)).toMatchObject({ sni: "a.b" });
  }
});

test.each([
  ["an HTTP request", ascii("GET / HTTP/1.1")],
  ["SSLv2", [22, 2, 0]],
  ["another handshake message", [22, 3, 1, 0, 4, 2, 0, 0, 0]],
  ["another record between", [22, 3, 1, 0, 1, 1, 23, 3, 3, 0, 0]],
  ["an empty record", [22, 3, 1, 0, 1, 1, 22, 3, 1, 0, 0]],
  ["another record before its end", [22, 3, 1, 0, 5, 1, 0, 0, 9, 3, 23, 3, 3]],
  ["too long a hello", [22, 3, 1, 0, 4, 1, 0, (CLIENT_HELLO_LIMIT_BYTES >> 8) + 1, 0]],
  [
    "lengths that do not fit",
    [22, 3, 1, 0, 44, 1, 0, 0, 40, 3, 3, ...new Array<number>(32).fill(0), 0, 0, 0, 0, 9, 9],
  ],
])("readClientHello() takes %s for no TLS", (_, bytes) => {
  expect(readClientHello(Uint8Array.from(bytes))).toEqual({ type: "not-tls" });
});

test("readClientHello() refuses extensions past their end, and an odd SNI", () => {
  const bytes = hello("a.b", []);
  const broken = bytes.slice();
  broken[5 + 4 + 2 + 32 + 1 + 4 + 2 + 2 + 3] = 200;
  expect(readClientHello(broken)).toEqual({ type: "not-tls" });
  const odd = bytes.slice();
  odd[5 + 4 + 2 + 32 + 1 + 4 + 2 + 2 + 4 + 2] = 1;
  expect(readClientHello(odd)).toEqual({ type: "tls", sni: undefined, alpn: [] });
});

/** A ClientHello whose message is so long, by an extension of padding (RFC 7685). */
function padded(messageBytes: number, recordBytes: number): Uint8Array {
  const short = hello("a.b", [], 16_384).subarray(5);
  const padding = extension(21, new Array<number>(messageBytes - short.length - 4).fill(0));
  const message = [...short, ...padding];
  const set = (at: number, value: number): void => void message.splice(at, 2, ...u16(value));
  set(2, message.length - 4);
  const extensionsAt = 4 + 2 + 32 + 1 + 4 + 2;
  set(extensionsAt, message.length - extensionsAt - 2);
  const records: number[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    const part = message.slice(at, at + recordBytes);
    records.push(22, 3, 1, ...u16(part.length), ...part);
  }
  return Uint8Array.from(records);
}

test("readClientHello() reads one of the longest length and of the most records, and none beyond", () => {
  const longest = 4 + CLIENT_HELLO_LIMIT_BYTES;
  expect(readClientHello(padded(longest, 16_384))).toMatchObject({ sni: "a.b" });
  expect(readClientHello(padded(longest + 1, 16_384))).toEqual({ type: "not-tls" });
  const most = CLIENT_HELLO_RECORDS * 10;
  expect(readClientHello(padded(most, 10))).toMatchObject({ sni: "a.b" });
  expect(readClientHello(padded(most + 1, 10))).toEqual({ type: "not-tls" });
});

test("readClientHello() gives no ALPN where its lengths do not fit", () => {
  const bytes = hello(undefined, ["h2"]);
  bytes[bytes.length - 3] = 9;
  expect(readClientHello(bytes)).toEqual({ type: "tls", sni: undefined, alpn: [] });
});

test("readClientHello() says the same however the bytes come, in whatever records, and whatever follows", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 300 }),
      fc.array(fc.nat(400), { maxLength: 20 }),
      fc.uint8Array({ maxLength: 40 }),
      fc.option(fc.tuple(fc.nat(200), fc.nat(255)), { nil: undefined }),
      (recordBytes, cuts, more, flip) => {
        const bytes = Uint8Array.from([...hello("web.test", ["h2", "x"], recordBytes), ...more]);
        if (flip !== undefined) bytes[flip[0]] = flip[1];
        const lengths = [...cuts.filter((cut) => cut < bytes.length), bytes.length];
        const said = lengths
          .toSorted((a, b) => a - b)
          .map((length) => readClientHello(bytes.subarray(0, length)))
          .filter(({ type }) => type !== "incomplete");
        for (const each of said) expect(each).toEqual(said[0] as (typeof said)[0]);
      },
    ),
    { numRuns: 2000 },
  );
});

test("readClientHello() never throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readClientHello(Uint8Array.from([22, 3, 1, ...bytes]));
    }),
    { numRuns: 1000 },
  );
});
