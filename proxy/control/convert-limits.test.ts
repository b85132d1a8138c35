import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { GrpcRoute_RetrySchema, HttpRoute_RuleSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { toGrpcRetry, toHttpRetry, toTimeouts } from "./convert-limits.ts";

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
    profileMs: undefined,
  });
  expect(read({ requestTimeout: ms(10) }).requestMs).toBe(10);
  expect(read({ requestTimeout: ms(10), timeouts: { request: ms(20) } }).requestMs).toBe(20);
  expect(read({ timeouts: { request: ms(0) } })).toEqual({
    requestMs: undefined,
    responseMs: undefined,
    idleMs: undefined,
    profileMs: undefined,
  });
});

test("ERR18: a time below nothing is refused", () => {
  expect(() => read({ timeouts: { idle: { seconds: -1n } } })).toThrow(
    expect.objectContaining({ code: "time" }),
  );
});

type RetryInit = NonNullable<RuleInit>["retry"];
const retried = (retry: RetryInit) => {
  const { retry: message } = create(HttpRoute_RuleSchema, retry === undefined ? {} : { retry });
  return message && toHttpRetry(message);
};
const conditions = { statusRanges: [{ start: 500, end: 599 }] };

test("P33: toHttpRetry() reads statuses, limit, bytes, time and waits", () => {
  const backoff = { minBackoff: ms(25), maxBackoff: ms(250), jitterRatio: 1 };
  expect(
    retried({ maxRetries: 3, maxRequestBytes: 64, conditions, timeout: ms(400), backoff }),
  ).toEqual({
    limit: 3,
    maxRequestBytes: 64,
    statuses: [{ first: 500, last: 599 }],
    codes: [],
    timeoutMs: 400,
    backoff: { minMs: 25, maxMs: 250, jitter: 1 },
    profile: undefined,
  });
  expect(retried({ conditions: {} })).toMatchObject({
    limit: 0,
    timeoutMs: undefined,
    backoff: undefined,
  });
});

test.each<[string, NonNullable<RetryInit>]>([
  ["without conditions", { maxRetries: 1 }],
  ["with too many retries", { maxRetries: 65_536, conditions }],
  ["with a status of 0", { conditions: { statusRanges: [{ start: 0, end: 500 }] } }],
  ["with a status of 600", { conditions: { statusRanges: [{ start: 500, end: 600 }] } }],
  ["with statuses the wrong way", { conditions: { statusRanges: [{ start: 502, end: 500 }] } }],
  ["with a time below nothing", { conditions, timeout: { seconds: -1n } }],
  ["with waits of nothing", { conditions, backoff: { minBackoff: ms(0), maxBackoff: ms(0) } }],
])("ERR18: retries %s are refused", (_, retry) => {
  expect(() => retried(retry)).toThrow(expect.objectContaining({ name: "PolicyError" }));
});

test("P33: toGrpcRetry() reads codes", () => {
  const all = {
    ...{ cancelled: true, deadineExceeded: true, resourceExhausted: true },
    ...{ internal: true, unavailable: true },
  };
  const read = (init: object) =>
    toGrpcRetry(create(GrpcRoute_RetrySchema, { maxRetries: 1, conditions: init }));
  expect(read(all).codes).toEqual([1, 4, 8, 13, 14]);
  expect(read({})).toMatchObject({ codes: [], statuses: [], limit: 1 });
});
