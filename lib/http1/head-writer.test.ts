import { describe, expect, test } from "bun:test";
import { ByteWriter } from "#lib/bytes/byte-writer.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { writeRefusal, writeRequestHead, writeResponseHead } from "./head-writer.ts";

const written = (write: (out: ByteWriter) => void): string => {
  const out = new ByteWriter();
  write(out);
  return out.view().toString("latin1");
};
const request = (of: RequestHead, extra: string): string =>
  written((out) => writeRequestHead(out, of, extra));
const response = (of: ResponseHead, extra: string): string =>
  written((out) => writeResponseHead(out, of, extra));

const head = {
  method: "GET",
  scheme: "http",
  authority: "a.test",
  path: "/p",
  version: "HTTP/2",
  protocol: "",
  headers: HeaderList.of(["b", "c"]),
} as const;

describe("writeRequestHead()", () => {
  test("writes origin form, absolute form and CONNECT", () => {
    expect(request(head, "")).toBe("GET /p HTTP/1.1\r\nhost: a.test\r\nb: c\r\n\r\n");
    expect(request({ ...head, version: "HTTP/1.1" }, "x: y\r\n")).toBe(
      "GET http://a.test/p HTTP/1.1\r\nhost: a.test\r\nb: c\r\nx: y\r\n\r\n",
    );
    expect(request({ ...head, method: "CONNECT", authority: "a:1", path: "" }, "")).toStartWith(
      "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n",
    );
  });

  test("sends no host that HTTP/1.0 did not have, and does not call itself 1.1 then", () => {
    const old = { ...head, version: "HTTP/1.0", scheme: "", authority: "" } as const;
    expect(request(old, "")).toBe("GET /p HTTP/1.0\r\nb: c\r\n\r\n");
  });
});

describe("writeResponseHead()", () => {
  test("gives a reason where there is one", () => {
    const missing = { status: 404, version: "HTTP/1.1", headers: new HeaderList() } as const;
    expect(response(missing, "")).toBe("HTTP/1.1 404 Not Found\r\n\r\n");
    expect(response({ ...missing, status: 299 }, "")).toBe("HTTP/1.1 299 \r\n\r\n");
    expect(response({ ...missing, status: 999 }, "a: b\r\n")).toBe("HTTP/1.1 999 \r\na: b\r\n\r\n");
  });

  test("takes as many bytes as it has, behind what was written before", () => {
    const headers = HeaderList.of(
      ...Array.from({ length: 90 }, (_, i) => [`n${i}`, "v".repeat(400)] as const),
    );
    const text = written((out) => {
      writeRefusal(out, 400);
      writeResponseHead(out, { status: 200, version: "HTTP/1.1", headers }, "");
    });
    expect(text).toStartWith(
      "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\nHTTP/1.1 200 OK\r\n",
    );
    expect(text).toEndWith(`n89: ${"v".repeat(400)}\r\n\r\n`);
  });
});
