import { describe, expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { Flag, FrameType } from "./frame.ts";
import { Sender } from "./sender.ts";
import { MAX_WINDOW } from "./settings.ts";
import { Http2Stream } from "./stream.ts";

function rig() {
  const log: string[] = [];
  const sender = new Sender({
    onWritable: () => void log.push("writable"),
    onLocalEnd: () => void log.push("end"),
  });
  return { sender, log, stream: new Http2Stream(1, 10) };
}

describe("Sender", () => {
  test("ends a stream once its queue is sent, with and without trailers", () => {
    for (const trailers of [undefined, HeaderList.of(["a", "b"])]) {
      const { sender, log, stream } = rig();
      expect(sender.data(stream, Buffer.alloc(15))).toBe(false);
      expect(sender.data(stream, Buffer.alloc(3))).toBe(false);
      sender.end(stream, trailers);
      sender.end(stream, trailers);
      sender.streamWindow(stream, 4);
      expect(log).toEqual([]);
      sender.streamWindow(stream, 4);
      expect(log).toEqual(["end"]);
      expect(stream.localEnded).toBe(true);
    }
  });

  test("takes an empty chunk for nothing, also where it is the last before the end", () => {
    const { sender, log, stream } = rig();
    expect([sender.data(stream, Buffer.alloc(0)), sender.data(stream, Buffer.alloc(15))]).toEqual([
      true,
      false,
    ]);
    expect(sender.data(stream, Buffer.alloc(0))).toBe(false);
    sender.end(stream, undefined);
    sender.writer.out.clear();
    sender.streamWindow(stream, 100);
    expect(log).toEqual(["end"]);
    expect([...sender.writer.out.view().subarray(0, 5)]).toEqual([
      0,
      0,
      5,
      FrameType.DATA,
      Flag.END_STREAM,
    ]);
  });

  test("keeps a copy of what waits, of a Buffer too", () => {
    const { sender, stream } = rig();
    stream.sendWindow = 0;
    const chunk = Buffer.from("mine");
    sender.data(stream, chunk);
    chunk.fill("x");
    expect(Buffer.concat(stream.queue ?? []).toString()).toBe("mine");
  });

  test("looks each name up once where thousands may be indexed by nobody", () => {
    const { sender, stream } = rig();
    const headers = new HeaderList();
    const looked: string[] = [];
    headers.neverIndexed = new (class extends Set<string> {
      override has(name: string): boolean {
        looked.push(name);
        return super.has(name);
      }
      override [Symbol.iterator](): SetIterator<string> {
        return expect.unreachable();
      }
    })();
    for (let i = 0; i < 2000; i++) {
      headers.add(`x-${i}`, "");
      if (i % 2 === 0) headers.neverIndexed.add(`x-${i}`);
    }
    sender.response(stream, { status: 200, version: "HTTP/2", headers }, true);
    expect(looked).toEqual(headers.names);
  });

  test("waits for the connection's window as well", () => {
    const { sender, log, stream } = rig();
    stream.sendWindow = 100_000;
    expect(sender.data(stream, Buffer.alloc(70_000))).toBe(false);
    sender.connectionWindow(100);
    expect(log).toEqual([]);
    sender.connectionWindow(10_000);
    expect(log).toEqual(["writable"]);
    expect(sender.data(stream, Buffer.alloc(1))).toBe(true);
  });

  test("moves the windows of open streams with the peer's settings", () => {
    const { sender, log, stream } = rig();
    sender.data(stream, Buffer.alloc(12));
    sender.setInitialWindow(sender.initialWindow - 5, [stream]);
    expect(stream.sendWindow).toBe(-5);
    sender.setInitialWindow(sender.initialWindow + 7, [stream]);
    expect(log).toEqual(["writable"]);
    stream.sendWindow = MAX_WINDOW;
    expect(() => sender.setInitialWindow(MAX_WINDOW, [stream])).toThrow("2^31-1");
    expect(() => sender.streamWindow(stream, 1)).toThrow("2^31-1");
    expect(() => sender.connectionWindow(MAX_WINDOW)).toThrow("2^31-1");
  });

  test("forgets what a stream still had to send", () => {
    const { sender, log, stream } = rig();
    sender.data(stream, Buffer.alloc(12));
    sender.forget(stream);
    sender.connectionWindow(100);
    expect([stream.queuedBytes, log.length]).toEqual([0, 0]);
  });

  test("sends any status", () => {
    const { sender, stream } = rig();
    sender.response(stream, { status: 1234, version: "HTTP/2", headers: new HeaderList() }, true);
    expect(sender.writer.out.length).toBeGreaterThan(9);
  });
});
