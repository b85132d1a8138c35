import { expect, test } from "bun:test";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { ForwardedPort } from "./forwarded-port.ts";

/** A port whose pod is the other end of a pair, and what its client is told. */
function forward(connecting?: Promise<ByteStream>): {
  readonly port: ForwardedPort;
  readonly pair: FakePair;
  readonly told: string[];
  readonly client: { takes: boolean };
} {
  const pair = new FakePair();
  const told: string[] = [];
  const client = { takes: true };
  const port = new ForwardedPort(connecting ?? Promise.resolve(pair.b), {
    onData: (bytes) => {
      told.push(Buffer.from(bytes).toString());
      return client.takes;
    },
    onWritable: () => void told.push("(writable)"),
    onEnd: () => void told.push("(end)"),
    onClose: (error) => void told.push(`(close ${error})`),
  });
  return { port, pair, told, client };
}

test("what comes before the connection is kept, and its client waits", async () => {
  const { port, pair, told } = forward();
  expect(port.write(Buffer.from("early"))).toBe(false);
  port.end();
  expect(port.write(Buffer.from("late"))).toBe(true);
  await pair.run();
  expect(pair.b.text).toBe("early");
  pair.a.write(Buffer.from("answer"));
  pair.a.end();
  await pair.run();
  expect(told).toEqual(["(writable)", "answer", "(end)", "(close undefined)"]);
});

test("each side waits for the other", async () => {
  const { port, pair, told, client } = forward();
  await pair.run();
  pair.b.highWaterBytes = 1;
  expect(port.write(Buffer.from("12"))).toBe(false);
  await pair.run();
  client.takes = false;
  pair.a.write(Buffer.from("x"));
  await pair.run();
  expect([told, pair.b.paused]).toEqual([["(writable)", "(writable)", "x"], true]);
  port.resume();
  expect(pair.b.paused).toBe(false);
});

test("a pod that cannot be reached is told once", async () => {
  const { port, told } = forward(Promise.reject(new Error("refused")));
  port.write(Buffer.from("x"));
  await Promise.resolve();
  port.end();
  expect([told, port.write(Buffer.from("y"))]).toEqual([["(writable)", "(close refused)"], true]);
});

test.each(["data", "end"])(
  "a client that has left hears no more of the pod; the pod's %s ends it",
  async (what) => {
    const { port, pair, told } = forward();
    await pair.run();
    port.write(Buffer.from("last words"));
    port.leave();
    await pair.run();
    expect([pair.b.text, pair.b.ended]).toEqual(["last words", true]);
    if (what === "data") pair.a.write(Buffer.from("x"));
    else pair.a.end();
    await pair.run();
    expect([told, pair.b.closed]).toEqual([["(writable)", "(writable)"], true]);
  },
);

test("a connection that breaks is told with its reason", async () => {
  const { pair, told } = forward();
  await pair.run();
  pair.b.close(new Error("reset"));
  expect(told).toEqual(["(writable)", "(writable)", "(close reset)"]);
});
