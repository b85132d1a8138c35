import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import {
  encodeMessage,
  GrpcCode,
  isGrpcContent,
  MESSAGE_LIMIT,
  readStatus,
  statusTrailers,
} from "./status.ts";

test.each(["", "plain", "näh 100% \n", "a%zz"])(
  "readStatus() reads what statusTrailers() writes: %p",
  (message) => {
    const status = readStatus(statusTrailers(GrpcCode.UNAVAILABLE, message));
    expect([status?.code, status?.message]).toEqual([14, message]);
  },
);

test("readStatus() takes what is not encoded as it is, and finds nothing where there is no code", () => {
  expect(readStatus(HeaderList.of(["grpc-status", "2"], ["grpc-message", "%zz"]))?.message).toBe(
    "%zz",
  );
  expect(readStatus(HeaderList.of(["grpc-status", "x"]))).toBeUndefined();
  expect(readStatus(undefined)).toBeUndefined();
});

test.each([
  ["application/grpc", true],
  ["application/grpc+proto", true],
  ["Application/GRPC;charset=utf-8", true],
  ["application/grpc-web", false],
  ["application/json", false],
  ["text/application/grpc", false],
  ["", false],
  [undefined, false],
])("isGrpcContent(%p) is %p", (contentType, expected) => {
  expect(isGrpcContent(contentType)).toBe(expected);
});

test("F20: a message that begins or ends with blanks, or is endless, still fits a field", () => {
  expect(encodeMessage(" a b  ")).toBe("%20a b%20%20");
  expect(encodeMessage("  ")).toBe("%20%20");
  const trailers = statusTrailers(3, `no Service ${"a".repeat(100_000)}`);
  expect(trailers.get("grpc-message")).toHaveLength(MESSAGE_LIMIT);
  expect(readStatus(statusTrailers(3, "path: "))?.message).toBe("path: ");
});
