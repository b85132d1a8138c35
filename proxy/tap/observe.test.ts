import { expect, test } from "bun:test";
import { encode } from "#lib/api/wire/encode.ts";
import { ObserveRequest } from "#lib/api/wire/gen/tap.ts";
import { GrpcError } from "#lib/grpc/status.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { FakeCall } from "../../test/fake/server-call.ts";
import { fakeTapSubject } from "../../test/fake/tap-subject.ts";
import { EVENTS_LIMIT, observeHandler } from "./observe.ts";
import { Taps } from "./taps.ts";

const SUBJECT = fakeTapSubject();
const send = () => ({ resetRequest: () => undefined });
const CONNECTION = { version: "HTTP/2", send } as unknown as Parameters<Taps["watch"]>[0];
const MATCH = { match: { case: "all" as const, value: {} } };

test("P55: a reader who is behind gets what fits, and goes on with what comes then", () => {
  const taps = new Taps(new FakeClock());
  const call = new FakeCall(encode(ObserveRequest, { limit: 10_000, match: MATCH }));
  observeHandler(taps)(call);
  call.blocked = true;
  for (let i = 0; i < EVENTS_LIMIT + 100; i++)
    taps.watch(CONNECTION, SUBJECT).send(SUBJECT.request, true, undefined as never);
  expect(call.sent).toHaveLength(0);
  call.blocked = false;
  call.onWritable();
  expect(call.sent).toHaveLength(EVENTS_LIMIT);
  call.onCancel();
  expect(taps.active).toBe(false);
});

test("P55: what cannot be read is refused, and whoever comes when too many look", () => {
  const taps = new Taps(new FakeClock());
  const handler = observeHandler(taps);
  const codeOf = (request: Uint8Array): unknown => {
    try {
      handler(new FakeCall(request));
      return 0;
    } catch (error) {
      return error instanceof GrpcError && error.code;
    }
  };
  expect(codeOf(Uint8Array.of(0xff))).toBe(3);
  const request = encode(ObserveRequest, { limit: 1, match: MATCH });
  for (let i = 0; i < 100; i++) expect(codeOf(request)).toBe(0);
  expect(codeOf(request)).toBe(8);
});
