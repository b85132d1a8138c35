import { expect, test } from "bun:test";
import type { ByteStream, ByteStreamHandler } from "#lib/net/byte-stream.ts";
import { Relays } from "./relay.ts";

class Recorder implements ByteStream {
  handler = undefined as unknown as ByteStreamHandler;
  readonly remoteAddress = "";
  readonly remotePort = 0;
  readonly localAddress = "";
  readonly localPort = 0;
  readonly queuedBytes = 0;
  readonly calls: string[] = [];
  full = false;
  write(bytes: Uint8Array, from = 0, to: number = bytes.length): boolean {
    this.calls.push(`write ${new TextDecoder().decode(bytes.subarray(from, to))}`);
    return !this.full;
  }
  end(): void {
    this.calls.push("end");
  }
  destroy(): void {
    this.calls.push("destroy");
  }
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
}

const setup = () => {
  const [client, server] = [new Recorder(), new Recorder()];
  const done: (Error | undefined)[] = [];
  const relays = new Relays();
  relays.join(client, server, (error) => done.push(error));
  return { client, server, done, relays };
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("Relays.join() passes bytes and half-closes on, and is done when both sides are closed", () => {
  const { client, server, done, relays } = setup();
  client.handler.onData(bytes("ask"));
  client.handler.onEnd();
  server.handler.onData(bytes("answer"));
  server.handler.onEnd();
  client.handler.onClose(undefined);
  expect([done.length, relays.size]).toEqual([0, 1]);
  server.handler.onClose(undefined);
  expect(relays.size).toBe(0);
  expect(server.calls).toEqual(["write ask", "end", "end"]);
  expect(client.calls).toEqual(["write answer", "end", "end"]);
  expect(done).toEqual([undefined]);
});

test("Relays.join() pauses the reader while the writer is full", () => {
  const { client, server } = setup();
  server.full = true;
  client.handler.onData(bytes("x"));
  expect(client.calls).toEqual(["pause"]);
  server.handler.onDrain();
  expect(client.calls).toEqual(["pause", "resume"]);
});

test("Relays.join() passes a reset on", () => {
  const { client, server, done } = setup();
  const error = new Error("reset");
  client.handler.onClose(error);
  expect(server.calls).toEqual(["destroy"]);
  server.handler.onClose(undefined);
  expect(done).toEqual([error]);
});

test("P57: Relays counts those of which it is not known yet what they speak", () => {
  const relays = new Relays();
  relays.undecided++;
  expect(relays.size).toBe(1);
});

test("P57: Relays counts those that are on their way to their server, each until it is there or will not come", () => {
  const relays = new Relays();
  const [first, second] = [relays.dialling(), relays.dialling()];
  expect(relays.size).toBe(2);
  first();
  first();
  expect(relays.size).toBe(1);
  second();
  expect(relays.size).toBe(0);
});
