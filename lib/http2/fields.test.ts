import { describe, expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { BlockFields, contentLengthOf } from "./fields.ts";

function block(...fields: [string, string][]): BlockFields {
  const gathered = new BlockFields();
  gathered.begin();
  for (const [name, value] of fields) gathered.onField(name, value);
  return gathered;
}

const METHOD: [string, string] = [":method", "GET"];
const SCHEME: [string, string] = [":scheme", "http"];
const PATH: [string, string] = [":path", "/"];
const AUTHORITY: [string, string] = [":authority", "a"];

describe("request()", () => {
  test("accepts what RFC 9113 §8.3 allows", () => {
    expect(
      block(METHOD, SCHEME, PATH, AUTHORITY, ["te", "trailers"], ["x", ""]).request(),
    ).toMatchObject({
      method: "GET",
      authority: "a",
      path: "/",
    });
    expect(block([":method", "OPTIONS"], SCHEME, [":path", "*"]).request().path).toBe("*");
    expect(block([":method", "CONNECT"], [":authority", "a:1"]).request().path).toBe("");
    expect(
      block([":method", "CONNECT"], [":protocol", "websocket"], SCHEME, PATH).request().protocol,
    ).toBe("websocket");
  });

  test("takes the authority from host where there is no other", () => {
    const head = block(METHOD, SCHEME, PATH, ["host", "b"]).request();
    expect(head.authority).toBe("b");
    expect(head.headers.has("host")).toBe(false);
    expect(block(METHOD, SCHEME, PATH, AUTHORITY, ["host", "A"]).request().authority).toBe("A");
  });

  test.each<[string, [string, string][]]>([
    ["no method", [SCHEME, PATH]],
    ["no path", [METHOD, SCHEME]],
    ["no scheme", [METHOD, PATH]],
    ["a status", [METHOD, SCHEME, PATH, [":status", "200"]]],
    ["CONNECT with a path", [[":method", "CONNECT"], AUTHORITY, PATH]],
    [":protocol without CONNECT", [METHOD, SCHEME, PATH, [":protocol", "x"]]],
    ["a relative path", [METHOD, SCHEME, [":path", "a"]]],
    ["a blank in the path", [METHOD, SCHEME, [":path", "/ HTTP/1.1"]]],
    ["a method that is no token", [[":method", "G/T"], SCHEME, PATH]],
    ["a DEL in the authority", [METHOD, SCHEME, PATH, [":authority", "a\x7f"]]],
    ["an unknown pseudo-header", [METHOD, SCHEME, PATH, [":x", "y"]]],
    ["a repeated pseudo-header", [METHOD, SCHEME, PATH, PATH]],
    ["a late pseudo-header", [METHOD, SCHEME, ["a", "b"], PATH]],
    ["an upper-case name", [METHOD, SCHEME, PATH, ["A", "b"]]],
    ["an empty name", [METHOD, SCHEME, PATH, ["", "b"]]],
    ["a line feed in a value", [METHOD, SCHEME, PATH, ["a", "b\nc"]]],
    ["a blank before a value", [METHOD, SCHEME, PATH, ["a", " b"]]],
    ["connection", [METHOD, SCHEME, PATH, ["connection", "close"]]],
    ["te: gzip", [METHOD, SCHEME, PATH, ["te", "gzip"]]],
    ["host against authority", [METHOD, SCHEME, PATH, AUTHORITY, ["host", "b"]]],
    ["two hosts", [METHOD, SCHEME, PATH, ["host", "b"], ["host", "b"]]],
  ])("refuses %s", (_, fields) => {
    expect(() => block(...fields).request()).toThrow("Cannot accept header block");
  });
});

describe("response()", () => {
  test("has a status and no other pseudo-header", () => {
    expect(block([":status", "204"]).response().status).toBe(204);
    for (const fields of [
      [[":status", "101"]],
      [[":status", "20"]],
      [[":status", "200"], PATH],
      [],
    ])
      expect(() => block(...(fields as [string, string][])).response()).toThrow();
  });
});

describe("trailers()", () => {
  test("refuses pseudo-headers and what only a head may say", () => {
    expect(block(["a", "b"]).trailers().get("a")).toBe("b");
    for (const field of [PATH, ["content-length", "1"], ["host", "a"]] as [string, string][])
      expect(() => block(field).trailers()).toThrow();
  });
});

describe("contentLengthOf()", () => {
  test("reads one number and refuses anything else", () => {
    expect(contentLengthOf(HeaderList.of(["a", "b"]))).toBe(-1);
    expect(contentLengthOf(HeaderList.of(["content-length", "12"]))).toBe(12);
    expect(() => contentLengthOf(HeaderList.of(["content-length", "1x"]))).toThrow();
    const twice = HeaderList.of(["content-length", "1"], ["content-length", "1"]);
    expect(() => contentLengthOf(twice)).toThrow();
  });
});
