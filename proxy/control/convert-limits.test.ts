import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { HttpRoute_RuleSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { toTimeouts } from "./convert-limits.ts";

type RuleInit = Parameters<typeof create<typeof HttpRoute_RuleSchema>>[1];
const read = (rule: RuleInit) => toTimeouts(create(HttpRoute_RuleSchema, rule));
const ms = (millis: number) => ({
  seconds: BigInt(Math.floor(millis / 1000)),
  nanos: (millis % 1000) * 1_000_000,
});

test("P35: toTimeouts() reads every time; the older field counts where the newer is not set, and 0 is no limit", () => {
  expect(read({ timeouts: { request: ms(1500), response: ms(2000), idle: ms(3000) } })).toEqual({
    requestMs: 1500,
    responseMs: 2000,
    idleMs: 3000,
  });
  expect(read({ requestTimeout: ms(10) }).requestMs).toBe(10);
  expect(read({ requestTimeout: ms(10), timeouts: { request: ms(20) } }).requestMs).toBe(20);
  expect(read({ timeouts: { request: ms(0) } })).toEqual({
    requestMs: undefined,
    responseMs: undefined,
    idleMs: undefined,
  });
});

test("ERR18: a time below nothing is refused", () => {
  expect(() => read({ timeouts: { idle: { seconds: -1n } } })).toThrow(
    expect.objectContaining({ code: "time" }),
  );
});
