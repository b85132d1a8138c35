import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { GrpcCode, readStatus, statusTrailers } from "./status.ts";

test.each(["", "plain", "näh 100% \n", "a%zz"])(
  "readStatus() reads what statusTrailers() writes: %p",
  (message) => {
    const status = readStatus(statusTrailers(GrpcCode.UNAVAILABLE, message));
    expect([status?.code, status?.message]).toEqual([14, message]);
  },
);

test("readStatus() takes what is not encoded as it is, and finds nothing where there is no code", () => {
  expect(readStatus(HeaderList.of(["grpc-status", "2"], ["grpc-message", "%zz"]))?.message).toBe(
    "%zz",
  );
  expect(readStatus(HeaderList.of(["grpc-status", "x"]))).toBeUndefined();
  expect(readStatus(undefined)).toBeUndefined();
});
