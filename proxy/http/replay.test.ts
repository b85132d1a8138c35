import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { ClientStream } from "#lib/http-io/exchange.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import { REPLAY_LIMIT_BYTES, Replay } from "./replay.ts";

const sentBy = (replay: Replay): string[] => {
  const sent: string[] = [];
  const stream: Pick<ClientStream, "sendBytes" | "sendEnd"> = {
    sendBytes: (chunk) => {
      sent.push(Buffer.from(chunk).toString());
      return true;
    },
    sendEnd: (trailers) => void sent.push(`end ${trailers?.get("x") ?? ""}`),
  };
  replay.sendTo(stream as ClientStream);
  return sent;
};

test("a body is kept as copies and sent again, end and trailers too", () => {
  const replay = new Replay();
  const chunk = Buffer.from("one");
  replay.data(...wholeOf(chunk));
  chunk.fill("x");
  expect(sentBy(replay)).toEqual(["one"]);
  replay.end(HeaderList.of(["x", "y"]));
  expect([replay.whole, sentBy(replay)]).toEqual([true, ["one", "end y"]]);
});

test("a body that came byte by byte is kept and sent again in few chunks", () => {
  const replay = new Replay();
  for (let i = 0; i < REPLAY_LIMIT_BYTES; i++) replay.data(Buffer.of(97 + (i % 26)), 0, 1);
  const body = "abcdefghijklmnopqrstuvwxyz".repeat(REPLAY_LIMIT_BYTES / 26 + 1);
  const sent = sentBy(replay);
  expect(sent.length).toBeLessThanOrEqual(REPLAY_LIMIT_BYTES / 4096);
  expect(sent.join("")).toBe(body.slice(0, REPLAY_LIMIT_BYTES));
  expect(sentBy(replay)).toEqual(sent);
});

test("a body past the limit, or one that was answered, is not sent again", () => {
  const long = new Replay();
  long.data(...wholeOf(Buffer.alloc(REPLAY_LIMIT_BYTES)));
  expect(long.whole).toBe(true);
  long.data(...wholeOf(Buffer.alloc(1)));
  expect([long.whole, sentBy(long)]).toEqual([false, []]);
  const answered = new Replay();
  answered.forget();
  expect(answered.whole).toBe(false);
});
