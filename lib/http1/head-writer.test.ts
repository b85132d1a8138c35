import { describe, expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { writeRequestHead, writeResponseHead } from "./head-writer.ts";

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
    expect(writeRequestHead(head, "")).toBe("GET /p HTTP/1.1\r\nhost: a.test\r\nb: c\r\n\r\n");
    expect(writeRequestHead({ ...head, version: "HTTP/1.1" }, "x: y\r\n")).toBe(
      "GET http://a.test/p HTTP/1.1\r\nhost: a.test\r\nb: c\r\nx: y\r\n\r\n",
    );
    expect(
      writeRequestHead({ ...head, method: "CONNECT", authority: "a:1", path: "" }, ""),
    ).toStartWith("CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n");
  });

  test("sends no host that HTTP/1.0 did not have, and does not call itself 1.1 then", () => {
    const old = { ...head, version: "HTTP/1.0", scheme: "", authority: "" } as const;
    expect(writeRequestHead(old, "")).toBe("GET /p HTTP/1.0\r\nb: c\r\n\r\n");
  });
});

describe("writeResponseHead()", () => {
  test("gives a reason where there is one", () => {
    const response = { status: 404, version: "HTTP/1.1", headers: new HeaderList() } as const;
    expect(writeResponseHead(response, "")).toBe("HTTP/1.1 404 Not Found\r\n\r\n");
    expect(writeResponseHead({ ...response, status: 299 }, "")).toBe("HTTP/1.1 299 \r\n\r\n");
  });
});
