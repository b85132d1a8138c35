import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { FailureAccrualSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { toAccrual } from "./convert-accrual.ts";

type Kind = NonNullable<Parameters<typeof create<typeof FailureAccrualSchema>>[1]>["kind"];
const read = (kind: Kind) =>
  toAccrual(create(FailureAccrualSchema, kind === undefined ? {} : { kind }));
const second = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 0 });
const backoff = { minBackoff: second(1), maxBackoff: second(60), jitterRatio: 0.5 };
const waits = { minMs: 1000, maxMs: 60_000, jitter: 0.5 };
const unified = (over: object): Kind => ({
  case: "unified",
  value: { successRateThreshold: 0.8, minRequests: 5, maxConsecutiveFailures: 7, backoff, ...over },
});

test("P36: toAccrual() reads failures in a row", () => {
  expect(toAccrual(undefined)).toBeUndefined();
  expect(read({ case: "consecutiveFailures", value: { maxFailures: 7, backoff } })).toEqual({
    ...{ maxFailures: 7, successRate: undefined, unified: false },
    backoff: waits,
  });
});

test("P37: toAccrual() reads a share of successes; 10 s are its window unless said, 0 is none", () => {
  const rule = { maxFailures: 7, unified: true, backoff: waits };
  const share = { threshold: 0.8, windowMs: 10_000, minRequests: 5 };
  expect(read(unified({}))).toEqual({ ...rule, successRate: share });
  expect(read(unified({ decay: second(2) }))?.successRate?.windowMs).toBe(2000);
  expect(read(unified({ successRateThreshold: 0, decay: { nanos: 1 } }))).toEqual({
    ...rule,
    successRate: undefined,
  });
});

test.each<[string, Kind]>([
  ["of an unknown kind", undefined],
  ["without waits", { case: "consecutiveFailures", value: { maxFailures: 7 } }],
  ["without a shortest wait", unified({ backoff: { maxBackoff: second(1) } })],
  [
    "that wait longer than the longest",
    unified({ backoff: { ...backoff, minBackoff: second(61) } }),
  ],
  ["with too much jitter", unified({ backoff: { ...backoff, jitterRatio: 101 } })],
  ["with a share above all", unified({ successRateThreshold: 1.1 })],
  ["with a share that is none", unified({ successRateThreshold: Number.NaN })],
  ["with too many requests", unified({ minRequests: 1_000_001 })],
  ["with too short a window", unified({ decay: { nanos: 9_000_000 } })],
])("ERR18: failures %s are refused", (_, kind) => {
  expect(() => read(kind)).toThrow(expect.objectContaining({ name: "PolicyError" }));
});
