import { expect, test } from "bun:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { readMessage } from "./message.ts";

test("readMessage() reads a request, and refuses what is none with INVALID_ARGUMENT", () => {
  const bytes = toBinary(GetDestinationSchema, create(GetDestinationSchema, { path: "web" }));
  expect(readMessage(GetDestinationSchema, bytes).path).toBe("web");
  expect(() => readMessage(GetDestinationSchema, Uint8Array.of(10, 99, 1))).toThrow(
    expect.objectContaining({ code: 3 }),
  );
});
