import { describe, expect, test } from "bun:test";
import { FIELD_LIMIT_BYTES, FIELDS_LIMIT, ParsedFields } from "./field-parser.ts";
import {
  findHeadEnd,
  HEAD_LIMIT_BYTES,
  METHOD_LIMIT_BYTES,
  parseRequest,
  parseResponse,
  START_LINE_LIMIT_BYTES,
} from "./head-parser.ts";
import { Http1Error } from "./http1-error.ts";

function read(text: string) {
  const bytes = Buffer.from(text, "latin1");
  const fields = new ParsedFields();
  return { head: parseRequest(bytes, 0, findHeadEnd(bytes, 0), fields), fields };
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
    ["HTTP/0.9", "GET /\r\n"],
    ["a blank too many", "GET  / HTTP/1.1\r\n"],
    ["a blank within the target", "GET /a b HTTP/1.1\r\n"],
    ["a blank at the end", `GET / HTTP/1.1 \r\n${host}`],
    ["a method that is no token", `G(T / HTTP/1.1\r\n${host}`],
    ["a bad version", `GET / HTTP/1.2\r\n${host}`],
    ["a lower-case version", `GET / http/1.1\r\n${host}`],
    ["a blank before the colon", `GET / HTTP/1.1\r\n${host}a : b\r\n`],
    ["a blank before the first name", `GET / HTTP/1.1\r\n ${host}`],
    ["no colon", `GET / HTTP/1.1\r\n${host}a\r\n`],
    ["no name", `GET / HTTP/1.1\r\n${host}: b\r\n`],
    ["a folded line", `GET / HTTP/1.1\r\n${host}a: b\r\n c\r\n`],
    ["a bare CR", `GET / HTTP/1.1\r\n${host}a: b\rc\r\n`],
    ["a bare LF", `GET / HTTP/1.1\r\n${host}a: b\nc: d\r\n`],
    ["a NUL", `GET / HTTP/1.1\r\n${host}a: b\0\r\n`],
    ["Transfer_Encoding", `GET / HTTP/1.1\r\n${host}Transfer_Encoding: chunked\r\n`],
    ["Content--Length", `GET / HTTP/1.1\r\n${host}Content--Length: 1\r\n`],
    ["two hosts", `GET / HTTP/1.1\r\n${host}${host}`],
  ])("refuses %s with 400", (_, text) => {
    expect(refusal(() => read(`${text}\r\n`)).status).toBe(400);
  });

  test("refuses other major versions with 505, and methods that nobody has with 501", () => {
    expect(refusal(() => read(`GET / HTTP/3.0\r\n${host}\r\n`)).status).toBe(505);
    expect(refusal(() => read(`get / HTTP/1.1\r\n${host}\r\n`)).status).toBe(501);
    const longest = "M".repeat(METHOD_LIMIT_BYTES);
    expect(read(`${longest} / HTTP/1.1\r\n${host}\r\n`).head.method).toBe(longest);
    expect(refusal(() => read(`${longest}M / HTTP/1.1\r\n${host}\r\n`)).status).toBe(501);
  });

  test("takes a first line, a field, fields and a head up to their limits, and no more", () => {
    const line = (bytes: number) => `GET /${"x".repeat(bytes - 14)} HTTP/1.1\r\n${host}\r\n`;
    expect(read(line(START_LINE_LIMIT_BYTES)).head.method).toBe("GET");
    expect(refusal(() => read(line(START_LINE_LIMIT_BYTES + 1))).status).toBe(414);

    const get = `GET / HTTP/1.1\r\n${host}`;
    const field = (bytes: number) => `a: ${"x".repeat(bytes - 3)}\r\n`;
    expect(read(`${get}${field(FIELD_LIMIT_BYTES)}\r\n`).head.headers.length).toBe(1);
    expect(refusal(() => read(`${get}${field(FIELD_LIMIT_BYTES + 1)}\r\n`)).status).toBe(431);

    const fields = "a: b\r\n".repeat(FIELDS_LIMIT - 1);
    expect(read(`${get}${fields}\r\n`).head.headers.length).toBe(FIELDS_LIMIT - 1);
    expect(refusal(() => read(`${get}${fields}a: b\r\n\r\n`)).status).toBe(431);

    const quarters = field(FIELD_LIMIT_BYTES - 2).repeat(3);
    const left = HEAD_LIMIT_BYTES - get.length - quarters.length;
    const head = `${get}${quarters}${field(left)}`;
    expect(read(`${head}\r\n`).head.headers.length).toBe(4);
    expect(refusal(() => read(`${head.slice(0, -2)}x\r\n\r\n`)).status).toBe(431);
  });

  test("drops zeros in front of a length, and tells what the connection needs", () => {
    const { head, fields } = read(
      `GET / HTTP/1.1\r\n${host}Content-Length: 0012\r\nConnection: a\r\nConnection: b\r\n\r\n`,
    );
    expect(head.headers.get("content-length")).toBe("12");
    expect(fields.contentLength).toBe("12");
    expect(fields.connection).toBe("a, b");
  });
});

describe("findHeadEnd()", () => {
  test("waits for the blank line and refuses a bare line feed early", () => {
    expect(findHeadEnd(Buffer.from("GET / HTTP/1.1\r\n"), 0)).toBe(-1);
    expect(findHeadEnd(Buffer.from("xa\r\n\r\nb"), 1)).toBe(6);
    expect(refusal(() => findHeadEnd(Buffer.from("GET / HTTP/1.1\n"), 0)).status).toBe(400);
    expect(refusal(() => findHeadEnd(Buffer.from("\n"), 0)).status).toBe(400);
  });

  test("refuses what is too long before it ends", () => {
    const line = (bytes: number) => Buffer.from("x".repeat(bytes));
    expect(findHeadEnd(line(START_LINE_LIMIT_BYTES), 0)).toBe(-1);
    expect(refusal(() => findHeadEnd(line(START_LINE_LIMIT_BYTES + 2), 0)).status).toBe(414);
    const head = Buffer.from(`a\r\n${"x".repeat(HEAD_LIMIT_BYTES + 1)}`);
    expect(findHeadEnd(head.subarray(0, -1), 0)).toBe(-1);
    expect(refusal(() => findHeadEnd(head, 0)).status).toBe(431);
  });

  test("goes on where it has looked before", () => {
    const text = Buffer.from("ab\r\nc\r\n\r\n");
    for (let scanned = 0; scanned < text.length; scanned++)
      expect(findHeadEnd(text, 0, scanned)).toBe(text.length);
  });
});

describe("parseResponse()", () => {
  const parse = (text: string) => {
    const bytes = Buffer.from(text, "latin1");
    const fields = new ParsedFields();
    return { head: parseResponse(bytes, 0, bytes.length, fields), fields };
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
