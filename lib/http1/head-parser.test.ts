import { describe, expect, test } from "bun:test";
import {
  FIELDS_LIMIT,
  findHeadEnd,
  HEAD_LIMIT_BYTES,
  ParsedFields,
  parseRequest,
  parseResponse,
  parseTrailers,
  START_LINE_LIMIT_BYTES,
} from "./head-parser.ts";
import { Http1Error } from "./http1-error.ts";

function read(text: string) {
  const bytes = Buffer.from(text, "latin1");
  return parseRequest(bytes, 0, findHeadEnd(bytes, 0));
}

function refusal(act: () => unknown): { status: number; code: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof Http1Error) return { status: error.status, code: error.code };
    throw error;
  }
  throw new Error("Cannot refuse: it was accepted");
}

describe("parseRequest()", () => {
  test("reads line and fields, names in lower case", () => {
    const { head, fields } = read(
      "GET /a?b HTTP/1.1\r\nHost: w.test:80\r\nX-Y: \t z \r\nempty:\r\n\r\n",
    );
    expect(head).toMatchObject({
      method: "GET",
      scheme: "",
      authority: "w.test:80",
      path: "/a?b",
      version: "HTTP/1.1",
    });
    expect(head.headers.names).toEqual(["x-y", "empty"]);
    expect(head.headers.values).toEqual(["z", ""]);
    expect(fields.host).toBe("w.test:80");
  });

  test("reads every form of target", () => {
    expect(read("GET http://A.test HTTP/1.1\r\nHost: a.test\r\n\r\n").head).toMatchObject({
      scheme: "http",
      authority: "A.test",
      path: "/",
    });
    expect(read("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").head.path).toBe("*");
    expect(read("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n").head).toMatchObject({
      authority: "a:443",
      path: "",
    });
    expect(read("GET / HTTP/1.0\r\n\r\n").head).toMatchObject({
      authority: "",
      version: "HTTP/1.0",
    });
  });

  const host = "Host: a\r\n";
  test.each([
    ["no path", "GET HTTP/1.1\r\n"],
    ["a blank too many", "GET  / HTTP/1.1\r\n"],
    ["a blank within the target", "GET /a b HTTP/1.1\r\n"],
    ["a method that is no token", "G(T / HTTP/1.1\r\n"],
    ["a target that is neither path nor URI", "GET a HTTP/1.1\r\n"],
    ["a control character in the target", "GET /\x01 HTTP/1.1\r\n"],
    ["a fragment", "GET /#a HTTP/1.1\r\n"],
    ["CONNECT without a port", "CONNECT a HTTP/1.1\r\n"],
    ["a bad version", "GET / HTTP/1.2\r\n"],
    ["a lower-case version", "GET / http/1.1\r\n"],
    ["a blank before the colon", `GET / HTTP/1.1\r\n${host}a : b\r\n`],
    ["no colon", `GET / HTTP/1.1\r\n${host}a\r\n`],
    ["no name", `GET / HTTP/1.1\r\n${host}: b\r\n`],
    ["a folded line", `GET / HTTP/1.1\r\n${host}a: b\r\n c\r\n`],
    ["a bare CR", `GET / HTTP/1.1\r\n${host}a: b\rc\r\n`],
    ["a bare LF", `GET / HTTP/1.1\r\n${host}a: b\nc: d\r\n`],
    ["a NUL", `GET / HTTP/1.1\r\n${host}a: b\0\r\n`],
    ["two hosts", `GET / HTTP/1.1\r\n${host}${host}`],
    ["a host that contradicts the target", `GET http://b/ HTTP/1.1\r\n${host}`],
    ["no host", "GET / HTTP/1.1\r\nb: c\r\n"],
    ["a host that is none", "GET / HTTP/1.1\r\nHost: a/b\r\n"],
  ])("refuses %s with 400", (_, text) => {
    expect(refusal(() => read(`${text}\r\n`)).status).toBe(400);
  });

  test("refuses HTTP/2 and later in this form with 505", () => {
    expect(refusal(() => read("GET / HTTP/3.0\r\nHost: a\r\n\r\n")).status).toBe(505);
  });

  test("refuses a line, a head and a count over their limits", () => {
    const long = "x".repeat(START_LINE_LIMIT_BYTES);
    expect(refusal(() => read(`GET /${long} HTTP/1.1\r\n${host}\r\n`)).status).toBe(414);
    const fields = "a: b\r\n".repeat(FIELDS_LIMIT);
    expect(refusal(() => read(`GET / HTTP/1.1\r\n${host}${fields}\r\n`)).status).toBe(431);
    const huge = Buffer.alloc(HEAD_LIMIT_BYTES + 1, "x");
    expect(refusal(() => findHeadEnd(huge, 0)).status).toBe(431);
  });
});

describe("findHeadEnd()", () => {
  test("waits for the blank line and refuses a bare line feed early", () => {
    expect(findHeadEnd(Buffer.from("GET / HTTP/1.1\r\n"), 0)).toBe(-1);
    expect(findHeadEnd(Buffer.from("xa\r\n\r\nb"), 1)).toBe(6);
    expect(refusal(() => findHeadEnd(Buffer.from("GET / HTTP/1.1\n"), 0)).status).toBe(400);
    expect(refusal(() => findHeadEnd(Buffer.from("\n"), 0)).status).toBe(400);
  });
});

describe("parseResponse()", () => {
  const parse = (text: string) => {
    const bytes = Buffer.from(text, "latin1");
    return parseResponse(bytes, 0, bytes.length);
  };

  test("reads status and fields", () => {
    const { head, fields } = parse("HTTP/1.1 204 No\xe9\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    expect(head.status).toBe(204);
    expect(head.headers.get("host")).toBe("x");
    expect(fields.contentLength).toBe("0");
    expect(parse("HTTP/1.0 200\r\n\r\n").head.version).toBe("HTTP/1.0");
  });

  test.each([
    "HTTP/1.1 20 x",
    "HTTP/1.1 099 x",
    "HTTP/1.1 2000",
    "HTTP/1.1  200",
    "ICY 200 OK",
    "HTTP/1.1 200 a\x01",
  ])("refuses %j", (line) => {
    expect(refusal(() => parse(`${line}\r\n\r\n`)).code).toBe("malformed");
  });
});

describe("parseTrailers()", () => {
  test("reads fields and refuses what only a head may say", () => {
    const parse = (text: string) => parseTrailers(Buffer.from(text), 0, text.length);
    expect(parse("A: b\r\n").get("a")).toBe("b");
    for (const field of ["Host: a", "Content-Length: 1", "Transfer-Encoding: chunked"])
      expect(refusal(() => parse(`${field}\r\n`)).status).toBe(400);
  });
});

test("ParsedFields marks a repeated length", () => {
  const { fields } = read(
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
  );
  expect(fields).toBeInstanceOf(ParsedFields);
  expect(fields.repeated).toBe(true);
});
