import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import {
  answerClass,
  callStatusOf,
  grpcStatusOf,
  isFailure,
  isGrpc,
  isTunnel,
} from "./classify.ts";

test.each([
  [200, undefined, false],
  [404, undefined, false],
  [500, undefined, true],
  [200, 0, false],
  [200, 5, false],
  [200, 14, true],
])("isFailure(%p, %p) is %p", (status, grpcStatus, failure) => {
  expect(isFailure(status as number, grpcStatus as number)).toBe(failure as boolean);
});

test("P15: isGrpc() and grpcStatusOf() read headers", () => {
  expect(isGrpc(HeaderList.of(["content-type", "application/grpc+proto"]))).toBe(true);
  expect(isGrpc(HeaderList.of(["content-type", "text/html"]))).toBe(false);
  expect(grpcStatusOf(HeaderList.of(["grpc-status", "14"]))).toBe(14);
  expect(grpcStatusOf(HeaderList.of(["grpc-status", "x"]))).toBeUndefined();
  expect(grpcStatusOf(undefined)).toBeUndefined();
});

test("callStatusOf() is -1 of what has no code, and of what is no call", () => {
  const headers = HeaderList.of(["grpc-status", "14"]);
  expect([callStatusOf(headers, true), callStatusOf(headers, false)]).toEqual([14, -1]);
  expect([callStatusOf(new HeaderList(), true), callStatusOf(undefined, true)]).toEqual([-1, -1]);
});

test("I15, MET2: a code that gRPC does not know is UNKNOWN, a failure, and no series of its own", () => {
  for (const code of ["17", "12345", "99999"]) {
    const known = grpcStatusOf(HeaderList.of(["grpc-status", code]));
    expect([known, answerClass(200, known ?? -1)]).toEqual([2, "failure"]);
  }
  expect(grpcStatusOf(HeaderList.of(["grpc-status", "16"]))).toBe(16);
});

test("isTunnel() is an upgrade or a CONNECT that was taken", () => {
  expect([isTunnel("GET", 101), isTunnel("CONNECT", 200), isTunnel("CONNECT", 403)]).toEqual([
    true,
    true,
    false,
  ]);
  expect(isTunnel("GET", 200)).toBe(false);
});

test.each([
  [200, -1, "success"],
  [404, -1, "success"],
  [503, -1, "failure"],
  [0, -1, "failure"],
  [429, -1, "limited"],
  [200, 0, "success"],
  [200, 14, "failure"],
  [200, 8, "limited"],
] as const)(
  "P37: an answer with status %p and code %p is a %s of its endpoint",
  (status, code, what) => {
    expect(answerClass(status, code)).toBe(what);
  },
);
