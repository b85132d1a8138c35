import { expect, test } from "bun:test";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { endingOf, faultOf, faultOfReset } from "./faults.ts";

test("MET24: errors of ours have Linkerd's names", () => {
  const kinds = [
    ...(["failfast", "loadshed", "request-timeout", "headers-timeout"] as const),
    ...(["response-timeout", "idle-timeout", "invalid-backend", "unexpected"] as const),
  ];
  expect(kinds.map(faultOf)).toEqual([
    ...(["FAIL_FAST", "LOAD_SHED", "REQUEST_TIMEOUT", "RESPONSE_HEADERS_TIMEOUT"] as const),
    ...(["RESPONSE_STREAM_TIMEOUT", "IDLE_TIMEOUT", "UNKNOWN", "UNKNOWN"] as const),
  ]);
  expect(endingOf("failfast", false, undefined)).toEqual({
    ...{ status: 0, grpcStatus: -1, fault: "FAIL_FAST" },
  });
});

test("MET24: a connection that fails and a filter that answers are answers", () => {
  const answered = (status: number, grpcStatus: number) => ({
    status,
    grpcStatus,
    fault: "" as const,
  });
  expect(endingOf("io", false, undefined)).toEqual(answered(502, -1));
  expect(endingOf("connect-timeout", false, undefined)).toEqual(answered(504, -1));
  expect(endingOf("io", true, undefined)).toEqual(answered(200, 14));
  expect(endingOf("redirect", false, { status: 307 })).toEqual(answered(307, 2));
  expect(endingOf("injected-failure", false, { status: 418 })).toEqual(answered(418, 2));
  const call = { status: 200, grpcStatus: 7 };
  expect(endingOf("injected-failure", true, call)).toEqual(answered(200, 7));
});

test("MET24: streams that a server breaks off are told by its code", () => {
  const reset = (code: number) => ({ reason: "protocol" as const, code, unprocessed: false });
  expect(
    [
      ...[ErrorCode.CANCEL, ErrorCode.REFUSED_STREAM, ErrorCode.ENHANCE_YOUR_CALM],
      ErrorCode.INTERNAL_ERROR,
    ].map((code) => faultOfReset(reset(code), "HTTP/2")),
  ).toEqual(["CANCEL", "REFUSED", "ENHANCE_YOUR_CALM", "RESET"]);
  const by = (reason: "go-away" | "connection" | "timeout", version: string) =>
    faultOfReset({ reason, code: 0, unprocessed: false }, version);
  expect([by("go-away", "HTTP/2"), by("connection", "HTTP/2")]).toEqual(["GO_AWAY", "IO"]);
  expect([by("timeout", "HTTP/2"), by("connection", "HTTP/1.1")]).toEqual(["UNKNOWN", "UNKNOWN"]);
});
