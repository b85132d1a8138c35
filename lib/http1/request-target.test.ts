import { describe, expect, test } from "bun:test";
import { ParsedFields } from "./field-parser.ts";
import { parseRequest } from "./head-parser.ts";
import { Http1Error } from "./http1-error.ts";

function read(line: string, host: string | undefined = "a.test") {
  const text = `${line}\r\n${host === undefined ? "" : `Host: ${host}\r\n`}\r\n`;
  return parseRequest(Buffer.from(text, "latin1"), 0, text.length, new ParsedFields());
}

const status = (act: () => unknown): number => {
  try {
    act();
  } catch (error) {
    if (error instanceof Http1Error) return error.status;
    throw error;
  }
  return 0;
};

describe("applyTarget()", () => {
  test("keeps a path as it is: policy sees what is forwarded", () => {
    for (const path of ["/", "//", "/./a", "/../a", "/%2f%2e%5c", "/;a=b", "/a?b=/c?d", "/x_y~'!"])
      expect(read(`GET ${path} HTTP/1.1`)).toMatchObject({ path, scheme: "", authority: "a.test" });
  });

  test("percent-encodes what is no ASCII", () => {
    expect(read("GET /\xd1\x81?\xff HTTP/1.1").path).toBe("/%D1%81?%FF");
  });

  test("takes the authority from an absolute form, and origin form from Host", () => {
    expect(read("GET http://A.test HTTP/1.1")).toMatchObject({ authority: "A.test", path: "/" });
    expect(read("GET https://a.test?b HTTP/1.1")).toMatchObject({ scheme: "https", path: "/?b" });
    expect(read("OPTIONS * HTTP/1.1")).toMatchObject({ path: "*", authority: "a.test" });
    expect(read("CONNECT a.test:1 HTTP/1.1", "a.test:1")).toMatchObject({ path: "" });
    expect(read("GET http://b/ HTTP/1.0", "b")).toMatchObject({ authority: "b" });
  });

  test.each([
    "GET a HTTP/1.1",
    "GET * HTTP/1.1",
    "GET /# HTTP/1.1",
    "GET /\\a HTTP/1.1",
    "GET /\x01 HTTP/1.1",
    "GET /\x7f HTTP/1.1",
    "GET ftp://a.test/ HTTP/1.1",
    "GET http://u@a.test/ HTTP/1.1",
    "GET http://b.test/ HTTP/1.1",
    "CONNECT a.test HTTP/1.1",
    "CONNECT / HTTP/1.1",
    "CONNECT a.test:80 HTTP/1.1",
  ])("refuses %j", (line) => {
    expect(status(() => read(line))).toBe(400);
  });

  test.each([
    "a",
    "A-b.c_d:80",
    "[::1]",
    "[::ffff:1.2.3.4]:65535",
    "1.2.3.4",
    "a%20b",
    "x~!$&'()*+;=",
  ])("takes %j for a host", (host) => {
    expect(read("GET / HTTP/1.1", host).authority).toBe(host);
  });

  test.each([
    ...["", "a,b", "a b", "a:", "a:x", "a:123456", "a:1:2", ":80", "u@a", "a/b", "a?b", "a#b"],
    ...["[::1", "::1]", "[x]", "[::1]x", "a\\b", "a|b", "<a>", "a%b", "a%2", "a\xe9"],
  ])("refuses %j for a host", (host) => {
    expect(status(() => read("GET / HTTP/1.1", host))).toBe(400);
  });

  test("wants a host in HTTP/1.1 only, and a proper one in an absolute form too", () => {
    const without = (line: string) => {
      const text = `${line}\r\n\r\n`;
      return parseRequest(Buffer.from(text), 0, text.length, new ParsedFields());
    };
    expect(status(() => without("GET / HTTP/1.1"))).toBe(400);
    expect(status(() => without("GET http://a/ HTTP/1.1"))).toBe(400);
    expect(without("GET / HTTP/1.0").authority).toBe("");
    expect(without("GET http://a/ HTTP/1.0").authority).toBe("a");
    expect(status(() => without("GET http://a,b/ HTTP/1.0"))).toBe(400);
  });
});
