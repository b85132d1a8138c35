import { expect, test } from "bun:test";
import fc from "fast-check";
import { DETECT_LIMIT_BYTES, detectProtocol, settleProtocol } from "./detect.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test.each([
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2"],
  ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "http1"],
  ["PRI / HTTP/1.1\r\n", "http1"],
  ["OPTIONS * HTTP/1.0\n", "http1"],
  ["GET / HTTP/1.1 \r\n", "http1"],
  ["*1\r\n$4\r\nPING\r\n", "opaque"],
  ["GET /\r\n", "opaque"],
  ["\x16\x03\x01", "opaque"],
  ["SSH-2.0-x\r\n", "opaque"],
  [":\0\0\0", "opaque"],
  ["GET /\x01 HTTP/1.1\r\n", "opaque"],
  ["\r\n\nGET / HTTP/1.1\r\n", "http1"],
  ["\r\n*1\r\n", "opaque"],
  ["\rGET / HTTP/1.1\r\n", "opaque"],
  ["\r\n".repeat(DETECT_LIMIT_BYTES / 2), "http1"],
  [`${"\n".repeat(DETECT_LIMIT_BYTES - 2)}GE`, "http1"],
  [`GET /${"a".repeat(DETECT_LIMIT_BYTES)}`, "http1"],
  [`${"a".repeat(DETECT_LIMIT_BYTES)}`, "opaque"],
])("detectProtocol(%p) is %s", (text, protocol) => {
  expect(detectProtocol(bytes(text))).toBe(protocol as "http1");
});

test("P7: detectProtocol() waits at every byte of a preface and of a request line", () => {
  for (const text of [
    "PRI * HTTP/2.0",
    "GET /path?q HTTP/1.1\r\n",
    "GET#/ HTTP/1.1\r\n",
    "\r\n\nGET / HTTP/1.1\r\n",
  ])
    for (let length = 0; length < text.length; length++)
      expect(detectProtocol(bytes(text.slice(0, length)))).toBeUndefined();
});

test("P9: settleProtocol() keeps to what policy declares", () => {
  expect(settleProtocol("detect", undefined)).toBe("opaque");
  expect(settleProtocol("detect", "http1")).toBe("http1");
  expect(settleProtocol(undefined, "http2")).toBe("http2");
  expect(settleProtocol("http1", "opaque")).toBe("http1");
  expect(settleProtocol("http1", "http2")).toBe("http2");
  expect(settleProtocol("http2", "http1")).toBe("http2");
  expect(settleProtocol("grpc", undefined)).toBe("http2");
});

test.each([
  "GET / HTTP/9.9\r\n",
  "GET / HTTP/1.10\r\n",
  "GET / http/1.1\r\n",
  "GET  / HTTP/1.1\r\n",
  "GET\t/ HTTP/1.1 \n",
  "(x) / HTTP/1.1\r\n",
])("detectProtocol() takes %j for HTTP/1, where it is refused", (line) => {
  expect(detectProtocol(new TextEncoder().encode(line))).toBe("http1");
});

test("P7: detectProtocol() decides at its limit and not one byte before", () => {
  const line = `GET /${"a".repeat(DETECT_LIMIT_BYTES - 5)}`;
  expect(detectProtocol(bytes(line.slice(0, -1)))).toBeUndefined();
  expect(detectProtocol(bytes(line))).toBe("http1");
  const short = ` HTTP/1.1\r\n`;
  const fits = `GET /${"a".repeat(DETECT_LIMIT_BYTES - 5 - short.length)}${short}`;
  expect(detectProtocol(bytes(fits.slice(0, -1)))).toBeUndefined();
  expect(detectProtocol(bytes(fits))).toBe("http1");
  const text = `get ${" ".repeat(DETECT_LIMIT_BYTES)}`;
  expect(detectProtocol(bytes(text.slice(0, DETECT_LIMIT_BYTES - 1)))).toBeUndefined();
  expect(detectProtocol(bytes(text.slice(0, DETECT_LIMIT_BYTES)))).toBe("opaque");
});

test("P7: detectProtocol() says the same however the bytes come", () => {
  const part = fc.constantFrom(
    ..."PRI * HTTP/2.0,GET ,/path, HTTP/1.1,\r\n,\n,\r, ,\t,\0,\xff,*1,SSH-2.0".split(","),
    "a".repeat(500),
    "\r\n".repeat(400),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 8 }),
      fc.array(fc.nat(1500), { maxLength: 10 }),
      (parts, cuts) => {
        const whole = Buffer.from(parts.join(""), "latin1");
        const lengths = [...cuts.filter((cut) => cut < whole.length), whole.length];
        const said = lengths
          .toSorted((a, b) => a - b)
          .map((length) => detectProtocol(whole.subarray(0, length)))
          .filter((protocol) => protocol !== undefined);
        expect(new Set(said).size).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 2000 },
  );
});

test("detectProtocol() reads bytes beyond ASCII as what they are, not as another character set has them", () => {
  for (let byte = 0x80; byte <= 0xff; byte++) {
    const line = Buffer.from(`GET /${String.fromCharCode(byte)} HTTP/1.1\r\n`, "latin1");
    expect(detectProtocol(line)).toBe("http1");
    expect(detectProtocol(line.subarray(0, 7))).toBeUndefined();
  }
});
