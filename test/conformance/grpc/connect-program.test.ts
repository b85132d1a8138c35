import { expect, test } from "bun:test";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { portOf, readMessages, withPort } from "./connect-program.ts";

test("the port of a message is replaced, and the rest of it stays", async () => {
  const message = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string("127.0.0.1")
    .tag(2, WireType.Varint)
    .uint32(1234)
    .tag(3, WireType.LengthDelimited)
    .bytes(Uint8Array.of(1, 2))
    .finish();
  expect(portOf(message, "server")).toBe(1234);
  expect(portOf(message, "client")).toBe(0);
  const framed = withPort(message, "server", 4140);
  const pieces = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const byte of [...framed, ...framed]) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const read: Uint8Array[] = [];
  for await (const each of readMessages(pieces)) read.push(each);
  expect(read.map((each) => portOf(each, "server"))).toEqual([4140, 4140]);
  expect(Buffer.from(read[0] ?? []).subarray(0, message.length)).toEqual(Buffer.from(message));
});
