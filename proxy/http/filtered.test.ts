import { expect, test } from "bun:test";
import type { FilterAnswer } from "../policy/filter.ts";
import { answerInbound, answerOutbound } from "./filtered.ts";

/** What a request was answered with. */
function answers(answer: FilterAnswer): readonly unknown[] {
  const said: unknown[] = [];
  const request = { fail: (...what: readonly unknown[]) => void said.push(what) };
  answerInbound(request, answer);
  answerOutbound(request, answer);
  return said;
}

test("ERR13, ERR17: a redirect is the same in both directions, and so is one that cannot be made", () => {
  const redirect = ["redirect", "redirected", { status: 302, location: "/new" }];
  expect(answers({ type: "redirect", status: 302, location: "/new" })).toEqual([
    ...[redirect, redirect],
  ]);
  const invalid = ["invalid-redirect", "unexpected error"];
  expect(answers({ type: "invalid-redirect" })).toEqual([invalid, invalid]);
});

test("ERR14, ERR15: failures are as configured outbound, and errors of the server inbound", () => {
  const failure = { message: "no", ratio: 1 };
  expect(answers({ type: "http-failure", status: 418, ...failure })).toEqual([
    ["unexpected", "no"],
    ["injected-failure", "no", { status: 418 }],
  ]);
  expect(answers({ type: "grpc-failure", code: 14, ...failure })).toEqual([
    ["unexpected", "no"],
    ["injected-failure", "no", { status: 200, grpcStatus: 14 }],
  ]);
  // What gRPC does not know is UNKNOWN.
  expect(answers({ type: "grpc-failure", code: 99, ...failure })[1]).toEqual([
    ...["injected-failure", "no", { status: 200, grpcStatus: 2 }],
  ]);
});
