import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { ClientStream, ResponseHandler } from "./exchange.ts";
import { HeldBody } from "./held-body.ts";

function releasedBy(body: HeldBody, takes = true): string[] {
  const log: string[] = [];
  const stream: Pick<ClientStream, "sendBytes" | "sendEnd"> = {
    sendBytes: (bytes, from, to) => {
      log.push(Buffer.from(bytes).toString("latin1", from, to));
      return takes;
    },
    sendEnd: (trailers) => void log.push(`end ${trailers?.get("x")}`),
  };
  const handler: Pick<ResponseHandler, "onRequestWritable"> = {
    onRequestWritable: () => void log.push("writable"),
  };
  body.release(stream as ClientStream, handler as ResponseHandler);
  return log;
}

test("what is held are copies; they are handed on once, and the sender goes on where it may", () => {
  const body = new HeldBody(false);
  const bytes = Buffer.from("-one-");
  body.data(bytes, 1, 4);
  bytes.fill("x");
  expect([body.isNone, releasedBy(body)]).toEqual([false, ["one", "writable"]]);
  expect(releasedBy(body)).toEqual([]);
  body.data(bytes, 0, 1);
  expect(releasedBy(body, false)).toEqual(["x"]);
});

test("an end and trailers are handed on, and nothing at all where the head says it", () => {
  const body = new HeldBody(false);
  body.data(Buffer.from("a"), 0, 1);
  body.end(HeaderList.of(["x", "y"]));
  expect(releasedBy(body)).toEqual(["a", "end y"]);
  const none = new HeldBody(true);
  expect(none.isNone).toBe(true);
  none.end(HeaderList.of(["x", "y"]));
  expect(none.isNone).toBe(false);
});
