import { describe, expect, test } from "bun:test";
import { hasOption, NO_BODY, persists, requestFraming, responseFraming } from "./framing.ts";

const hints = (contentLength?: string, transferEncoding?: string, repeated = false) => ({
  contentLength,
  transferEncoding,
  repeated,
});

describe("requestFraming()", () => {
  test("finds the end of a body", () => {
    expect(requestFraming(hints(), "HTTP/1.1")).toBe(NO_BODY);
    expect(requestFraming(hints("0"), "HTTP/1.1")).toBe(NO_BODY);
    expect(requestFraming(hints("12"), "HTTP/1.1")).toEqual({ type: "length", bytes: 12 });
    expect(requestFraming(hints(undefined, "Chunked"), "HTTP/1.1")).toEqual({ type: "chunked" });
  });

  test.each([
    ["both", hints("1", "chunked"), "HTTP/1.1", 400],
    ["a repetition", hints("1", undefined, true), "HTTP/1.1", 400],
    ["a list", hints("1, 1"), "HTTP/1.1", 400],
    ["a sign", hints("+1"), "HTTP/1.1", 400],
    ["no digits", hints(""), "HTTP/1.1", 400],
    ["a number too long", hints("1".repeat(16)), "HTTP/1.1", 400],
    ["another coding", hints(undefined, "gzip, chunked"), "HTTP/1.1", 501],
    ["chunks in HTTP/1.0", hints(undefined, "chunked"), "HTTP/1.0", 400],
  ] as const)("refuses %s", (_, given, version, status) => {
    expect(() => requestFraming(given, version)).toThrow(expect.objectContaining({ status }));
  });
});

describe("responseFraming()", () => {
  const how = { version: "HTTP/1.1", status: 200, method: "GET" } as const;
  test("has no body where status or method say so", () => {
    expect(responseFraming(hints("5"), { ...how, method: "HEAD" })).toBe(NO_BODY);
    for (const status of [100, 204, 304])
      expect(responseFraming(hints(undefined, "chunked"), { ...how, status })).toBe(NO_BODY);
  });

  test("ends with the connection where nothing else is said", () => {
    expect(responseFraming(hints(), how)).toEqual({ type: "close" });
    expect(responseFraming(hints("3"), how)).toEqual({ type: "length", bytes: 3 });
  });
});

describe("persists()", () => {
  test("follows version and Connection", () => {
    expect(persists(undefined, "HTTP/1.1")).toBe(true);
    expect(persists(undefined, "HTTP/1.0")).toBe(false);
    expect(persists("Keep-Alive", "HTTP/1.0")).toBe(true);
    expect(persists("keep-alive, x, Close", "HTTP/1.1")).toBe(false);
    expect(persists("keep-alive, close", "HTTP/1.0")).toBe(false);
    expect(persists("closed", "HTTP/1.1")).toBe(true);
  });
});

test("hasOption() finds whole options", () => {
  expect(hasOption("a,Upgrade ,b", "upgrade")).toBe(true);
  expect(hasOption("x-upgrade, upgrade-x", "upgrade")).toBe(false);
  expect(hasOption("Close", "close")).toBe(true);
  expect(hasOption("keep-alive", "close")).toBe(false);
});
