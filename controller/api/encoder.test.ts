import { expect, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { Encoder } from "./encoder.ts";

test("frame() writes a message with its length before it, and counts", () => {
  let told = 0;
  const encoder = new Encoder(() => told++);
  const framed = encoder.frame(GetDestinationSchema, { path: "web" });
  expect([...framed.subarray(0, 5)]).toEqual([0, 0, 0, 0, framed.length - 5]);
  expect(fromBinary(GetDestinationSchema, framed.subarray(5)).path).toBe("web");
  new Encoder().frame(GetDestinationSchema, {});
  expect([encoder.count, told]).toEqual([1, 1]);
});
