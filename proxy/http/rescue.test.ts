import { expect, test } from "bun:test";
import { LineError } from "#lib/http-io/waiting-line.ts";
import { ANSWERS, type ErrorKind, errorResponse, kindOf } from "./rescue.ts";

const quiet = {
  message: "all endpoints failed",
  grpc: false,
  http1: true,
  informational: false,
  notDelivered: false,
};

test.each([
  ["ERR1", "no-route", 404, 5],
  ["ERR3", "unauthorized", 403, 7],
  ["ERR4", "rate-limited", 429, 8],
  ["ERR5", "failfast", 504, 4],
  ["ERR6", "loadshed", 503, 14],
  ["ERR7", "request-timeout", 504, 4],
  ["ERR7", "headers-timeout", 504, 4],
  ["ERR8", "profile-timeout", 504, 4],
  ["ERR9", "connect-timeout", 504, 4],
  ["ERR10", "io", 502, 14],
  ["ERR11", "invalid-backend", 502, 14],
  ["ERR13", "redirect", 301, 5],
  ["ERR14", "injected-failure", 500, 9],
  ["ERR17", "invalid-redirect", 500, 13],
  ["ERR18", "invalid-policy", 500, 13],
  ["ERR20", "unexpected", 500, 13],
] as const)("%s: errorResponse(%s) is %p, or gRPC status %p", (_, kind, status, grpcStatus) => {
  expect(errorResponse(kind, quiet).status).toBe(status);
  const grpc = errorResponse(kind, { ...quiet, grpc: true, http1: false });
  expect([grpc.status, grpc.headers.get("grpc-status")]).toEqual([200, String(grpcStatus)]);
});

test("P18, HDR6, HDR7: errorResponse() explains itself only where it may", () => {
  expect(errorResponse("no-route", quiet).headers.names).toEqual(["content-length"]);
  const told = errorResponse("io", { ...quiet, informational: true, notDelivered: false }).headers;
  expect(told.names).toEqual([
    "content-length",
    "l5d-proxy-error",
    "connection",
    "l5d-proxy-connection",
  ]);
  const grpc = errorResponse("io", {
    message: "a b\n",
    grpc: true,
    http1: false,
    informational: true,
    notDelivered: false,
  }).headers;
  expect(grpc.get("grpc-message")).toBe("a b%0A");
  expect(grpc.has("connection")).toBe(false);
});

test("ANSWERS close the connection where Linkerd's do", () => {
  const closing = (Object.keys(ANSWERS) as ErrorKind[]).filter((kind) => ANSWERS[kind].closes);
  expect(closing).toEqual([
    "failfast",
    "loadshed",
    "connect-timeout",
    "profile-timeout",
    "io",
    "identity-required",
    "gateway-loop",
    "invalid-redirect",
    "invalid-backend",
    "invalid-policy",
    "unexpected",
  ]);
});

test("ERR13, ERR14, ERR15: errorResponse() answers as a filter says, and tells nothing that no field can carry", () => {
  const location = "https://web/a";
  const moved = errorResponse("redirect", { ...quiet, detail: { status: 308, location } });
  expect([moved.status, moved.headers.get("location")]).toEqual([308, location]);
  const failed = { ...quiet, grpc: true, http1: false, informational: true };
  const grpc = errorResponse("injected-failure", {
    ...failed,
    message: "a\nb\u00e9",
    detail: { status: 200, grpcStatus: 14 },
  });
  expect([grpc.status, grpc.headers.get("grpc-status")]).toEqual([200, "14"]);
  expect(grpc.headers.get("l5d-proxy-error")).toBe("unexpected error");
  expect(
    errorResponse("redirect", { ...failed, detail: { location } }).headers.has("location"),
  ).toBe(false);
});

test("kindOf() tells the ways apart in which no connection could be had", () => {
  const timedOut = Object.assign(new Error("late"), { code: "timeout" });
  const errors = [
    new Error("refused"),
    timedOut,
    new LineError("failfast"),
    new LineError("loadshed"),
  ];
  expect(errors.map(kindOf)).toEqual(["io", "connect-timeout", "failfast", "loadshed"]);
});
