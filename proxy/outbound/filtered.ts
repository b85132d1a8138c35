/** What outbound answers where a filter ends a request (ERR13 to ERR15, ERR17). */

import type { ErrorDetail, ErrorKind } from "../http/rescue.ts";
import type { FilterAnswer } from "../policy/filter.ts";

/** Codes that gRPC knows; any other is UNKNOWN. */
const GRPC_CODES = 16;
const GRPC_UNKNOWN = 2;

/** Answers a request as its filter says. */
export function answerFiltered(
  request: { fail(kind: ErrorKind, message: string, detail?: ErrorDetail): void },
  answer: FilterAnswer,
): void {
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
