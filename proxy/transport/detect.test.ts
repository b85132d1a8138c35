import { expect, test } from "bun:test";
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
  [`GET /${"a".repeat(DETECT_LIMIT_BYTES)}`, "http1"],
  [`${"a".repeat(DETECT_LIMIT_BYTES)}`, "opaque"],
])("detectProtocol(%p) is %s", (text, protocol) => {
  expect(detectProtocol(bytes(text))).toBe(protocol as "http1");
});

test("detectProtocol() waits at every byte of a preface and of a request line", () => {
  for (const text of ["PRI * HTTP/2.0", "GET /path?q HTTP/1.1\r\n", "GET#/ HTTP/1.1\r\n"])
    for (let length = 0; length < text.length; length++)
      expect(detectProtocol(bytes(text.slice(0, length)))).toBeUndefined();
});

test("settleProtocol() keeps to what policy declares", () => {
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
  "GET  / HTTP/1.1\r\n",
  "GET\t/ HTTP/1.1 \n",
  "(x) / HTTP/1.1\r\n",
])("detectProtocol() takes %j for HTTP/1, where it is refused", (line) => {
  expect(detectProtocol(new TextEncoder().encode(line))).toBe("http1");
});
