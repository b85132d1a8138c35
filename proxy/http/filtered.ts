/** What is answered where a filter ends a request (ERR13 to ERR17). */

import type { FilterAnswer } from "../policy/filter.ts";
import type { ErrorDetail, ErrorKind } from "./rescue.ts";

/** Codes that gRPC knows; any other is UNKNOWN. */
const GRPC_CODES = 16;
const GRPC_UNKNOWN = 2;

type Answerable = { fail(kind: ErrorKind, message: string, detail?: ErrorDetail): void };

/** Answers a request of inbound: failures are all the same there. */
export function answerInbound(request: Answerable, answer: FilterAnswer): void {
  if (answer.type === "http-failure" || answer.type === "grpc-failure")
    request.fail("unexpected", answer.message);
  else answerOutbound(request, answer);
}

/** Answers a request of outbound as its filter says. */
export function answerOutbound(request: Answerable, answer: FilterAnswer): void {
  switch (answer.type) {
    case "redirect":
      request.fail("redirect", "redirected", { status: answer.status, location: answer.location });
      break;
    case "http-failure":
      request.fail("injected-failure", answer.message, { status: answer.status });
      break;
    case "grpc-failure":
      request.fail("injected-failure", answer.message, {
        status: 200,
        grpcStatus: answer.code > GRPC_CODES ? GRPC_UNKNOWN : answer.code,
      });
      break;
    case "invalid-redirect":
      request.fail("invalid-redirect", "unexpected error");
      break;
  }
}
