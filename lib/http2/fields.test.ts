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
    expect(block([":method", "OPTIONS"], SCHEME, [":path", "*"], AUTHORITY).request().path).toBe(
      "*",
    );
    expect(block([":method", "CONNECT"], [":authority", "a:1"]).request().path).toBe("");
    expect(
      block([":method", "CONNECT"], [":protocol", "websocket"], SCHEME, PATH, AUTHORITY).request()
        .protocol,
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
    ["a status", [METHOD, SCHEME, AUTHORITY, PATH, [":status", "200"]]],
    ["CONNECT with a path", [[":method", "CONNECT"], AUTHORITY, PATH]],
    [":protocol without CONNECT", [METHOD, SCHEME, AUTHORITY, PATH, [":protocol", "x"]]],
    ["a relative path", [METHOD, SCHEME, [":path", "a"]]],
    ["a blank in the path", [METHOD, SCHEME, [":path", "/ HTTP/1.1"]]],
    ["a method that is no token", [[":method", "G/T"], SCHEME, PATH]],
    ["a DEL in the authority", [METHOD, SCHEME, PATH, [":authority", "a\x7f"]]],
    ["an unknown pseudo-header", [METHOD, SCHEME, AUTHORITY, PATH, [":x", "y"]]],
    ["a repeated pseudo-header", [METHOD, SCHEME, AUTHORITY, PATH, PATH]],
    ["a late pseudo-header", [METHOD, SCHEME, ["a", "b"], PATH]],
    ["an upper-case name", [METHOD, SCHEME, AUTHORITY, PATH, ["A", "b"]]],
    ["an empty name", [METHOD, SCHEME, AUTHORITY, PATH, ["", "b"]]],
    ["a line feed in a value", [METHOD, SCHEME, AUTHORITY, PATH, ["a", "b\nc"]]],
    ["a blank before a value", [METHOD, SCHEME, AUTHORITY, PATH, ["a", " b"]]],
    ["connection", [METHOD, SCHEME, AUTHORITY, PATH, ["connection", "close"]]],
    ["te: gzip", [METHOD, SCHEME, AUTHORITY, PATH, ["te", "gzip"]]],
    ["host against authority", [METHOD, SCHEME, AUTHORITY, PATH, ["host", "b"]]],
    ["two hosts", [METHOD, SCHEME, PATH, ["host", "b"], ["host", "b"]]],
    ["no authority and no host", [METHOD, SCHEME, PATH]],
    ["an empty authority", [METHOD, SCHEME, PATH, [":authority", ""]]],
    ["a user in the authority", [METHOD, SCHEME, PATH, [":authority", "u@a"]]],
    ["a host that is a list", [METHOD, SCHEME, PATH, ["host", "a,b"]]],
    ["a blank in the host", [METHOD, SCHEME, PATH, ["host", "a b"]]],
    ["CONNECT without a port", [[":method", "CONNECT"], AUTHORITY]],
    ["a scheme that is a URI", [METHOD, [":scheme", "http://b/?"], AUTHORITY, PATH]],
    ["an empty path", [METHOD, SCHEME, AUTHORITY, [":path", ""]]],
    ["a fragment in the path", [METHOD, SCHEME, AUTHORITY, [":path", "/a#b"]]],
    ["a backslash in the path", [METHOD, SCHEME, AUTHORITY, [":path", "/a\\b"]]],
    ["a control character in a value", [METHOD, SCHEME, AUTHORITY, PATH, ["a", "b\x01"]]],
  ])("refuses %s", (_, fields) => {
    expect(() => block(...fields).request()).toThrow("Cannot accept header block");
  });
});

test("BlockFields percent-encodes bytes beyond ASCII in a path, and remembers what nobody may index", () => {
  const gathered = block(METHOD, SCHEME, [":path", "/\xe4?\xff"], AUTHORITY, ["x-token", "a"]);
  for (const name of ["x-token", ":path", "x-token"]) gathered.onNeverIndexed(name);
  const { path, headers } = gathered.request();
  const never = new Set(["x-token", ":path"]);
  const copy = headers.clone().neverIndexed;
  expect([path, headers.neverIndexed, copy]).toEqual(["/%E4?%FF", never, never]);
  copy?.add("x");
  expect(headers.neverIndexed).toEqual(never);
  expect(block(METHOD).headers.clone().neverIndexed).toBeUndefined();
});

test("BlockFields looks at every authority that is another", () => {
  const gathered = block(METHOD, SCHEME, PATH, AUTHORITY);
  expect(gathered.request().authority).toBe("a");
  for (const [authority, sound] of [
    ["", false],
    ["a", true],
    ["a/b", false],
    ["b:1", true],
  ] as const) {
    gathered.begin();
    for (const [name, value] of [METHOD, SCHEME, PATH, [":authority", authority]] as const)
      gathered.onField(name, value);
    if (sound) expect(gathered.request().authority).toBe(authority);
    else expect(() => gathered.request()).toThrow("its authority is none");
  }
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
