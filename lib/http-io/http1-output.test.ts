import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { FakeByteStream } from "../../test/fake/byte-stream.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import { GATHER_LIMIT_BYTES, Http1Output } from "./http1-output.ts";
import { EAGER_FLUSH_BYTES, outbox } from "./outbox.ts";

const HEAD = { status: 200, version: "HTTP/1.1" } as const;

test("what is little goes out at the end of its event, much before, and the sender hears that it is too much", () => {
  const stream = new FakeByteStream();
  stream.highWaterBytes = EAGER_FLUSH_BYTES;
  const output = new Http1Output(stream);
  const piece = Buffer.alloc(GATHER_LIMIT_BYTES, "x");
  const pieces = EAGER_FLUSH_BYTES / GATHER_LIMIT_BYTES;
  outbox.enter();
  output.response({ ...HEAD, headers: new HeaderList() }, "", "close");
  for (let i = 1; i < pieces; i++) expect(output.body(...wholeOf(piece))).toBe(true);
  expect(stream.writes).toHaveLength(0);
  expect(output.body(...wholeOf(piece))).toBe(false);
  expect(stream.writes).toHaveLength(1);
  output.body(...wholeOf(Buffer.from("end")));
  outbox.leave();
  expect(stream.writes.map(({ length }) => length).slice(1)).toEqual([3]);
});

test("an output that could not be marked is marked the next time", () => {
  const stream = new FakeByteStream();
  const output = new Http1Output(stream);
  outbox.onStir(() => {
    throw new TypeError("broken");
  });
  expect(() => output.refusal(400)).toThrow("broken");
  outbox.enter();
  output.refusal(400);
  outbox.leave();
  expect(stream.writes).toHaveLength(1);
});
