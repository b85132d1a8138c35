import { describe, expect, test } from "bun:test";
import {
  CHUNKED,
  hasOption,
  isBodiless,
  NO_BODY,
  persists,
  requestFraming,
  responseFraming,
  UNTIL_CLOSE,
} from "./framing.ts";

const hints = (contentLength?: string, transferEncoding?: string, repeated = false) => ({
  contentLength,
  transferEncoding,
  repeated,
});

describe("requestFraming()", () => {
  test("finds the end of a body", () => {
    expect(requestFraming(hints(), "HTTP/1.1")).toBe(NO_BODY);
    expect(requestFraming(hints("0"), "HTTP/1.1")).toBe(NO_BODY);
    expect(requestFraming(hints("12"), "HTTP/1.1")).toBe(12);
    expect(requestFraming(hints(undefined, "Chunked"), "HTTP/1.1")).toBe(CHUNKED);
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

test("responseFraming() ends with the connection where nothing else is said", () => {
  expect(responseFraming(hints(), "HTTP/1.1")).toBe(UNTIL_CLOSE);
  expect(responseFraming(hints("3"), "HTTP/1.1")).toBe(3);
});

test("isBodiless() goes by status and method", () => {
  expect([isBodiless("HEAD", 200), isBodiless("GET", 200)]).toEqual([true, false]);
  for (const status of [100, 204, 304]) expect(isBodiless("GET", status)).toBe(true);
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
