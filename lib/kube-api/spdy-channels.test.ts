import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { SimpleFields, SimpleRequest, SimpleTunnel } from "#lib/http-io/simple.ts";
import { control, data, SpdyClient } from "../../test/fake/spdy-client.ts";
import type { Channels } from "./channels.ts";
import { acceptSpdyChannels } from "./spdy-channels.ts";

const V4 = "v4.channel.k8s.io";

class Served {
  readonly client = new SpdyClient();
  readonly told: string[] = [];
  channels: Channels | undefined;
  answer: SimpleFields = {};
  readonly tunnel: SimpleTunnel = {
    write: (chunk) => {
      this.told.push(...this.client.read(chunk).map((frame) => `sent ${frame}`));
      return true;
    },
    end: () => void this.told.push("(end)"),
    pause: () => void this.told.push("(pause)"),
    resume: () => void this.told.push("(resume)"),
    onData: () => undefined,
    onEnd: () => undefined,
    onDrain: () => undefined,
  };

  constructor(fields: Readonly<Record<string, string>> = {}) {
    const headers = HeaderList.of(
      ...Object.entries({ upgrade: "SPDY/3.1", "x-stream-protocol-version": V4, ...fields }),
    );
    const request = {
      upgrade: true,
      head: { headers },
      tunnel: (answer: SimpleFields) => {
        this.answer = answer;
        return this.tunnel;
      },
    } as unknown as SimpleRequest;
    acceptSpdyChannels(
      request,
      { protocol: V4, wanted: [3, 0, 1] },
      {
        onReady: (channels) => {
          this.channels = channels;
          this.told.push("(ready)");
        },
        onData: (channel, bytes) => void this.told.push(`${channel} ${Buffer.from(bytes)}`),
        onEnd: (channel) => void this.told.push(`${channel} end`),
        onDrain: () => void this.told.push("(drain)"),
        onClose: () => void this.told.push("(close)"),
      },
    );
  }

  open(id: number, streamtype: string): void {
    this.tunnel.onData(this.client.open(id, { streamtype }));
  }

  openAll(): void {
    this.open(1, "error");
    this.open(3, "stdin");
    this.open(5, "stdout");
    this.told.length = 0;
  }
}

test("channels are ready when all their streams are there", () => {
  const served = new Served({ "x-stream-protocol-version": `v9.channel.k8s.io, ${V4}` });
  expect(served.answer).toEqual({ upgrade: "SPDY/3.1", "x-stream-protocol-version": V4 });
  served.open(1, "error");
  served.open(3, "stdin");
  served.open(5, "resize");
  served.open(7, "stdin");
  served.open(9, "stdout");
  expect(served.told).toEqual([
    "sent 1 reply 0",
    "sent 3 reply 0",
    ...["sent 5 reply 0", "sent 5 type 3", "sent 7 reply 0", "sent 7 type 3"],
    "sent 9 reply 0",
    "(ready)",
  ]);
});

test("bytes go both ways, and each stream ends", () => {
  const served = new Served();
  served.openAll();
  served.tunnel.onData(Buffer.concat([data(3, "in"), data(3, "", "end")]));
  served.tunnel.onDrain();
  served.channels?.pause();
  served.channels?.resume();
  expect(served.channels?.send(1, Buffer.from("out"))).toBe(true);
  expect(served.channels?.send(2, Buffer.from("nobody"))).toBe(true);
  expect(served.told.splice(0)).toEqual([
    ...["0 in", "0 end", "(drain)", "(pause)", "(resume)"],
    "sent 5 out",
  ]);
  served.channels?.close();
  served.channels?.close();
  served.tunnel.onData(Buffer.concat([data(5, "late"), data(1, "", "end")]));
  served.tunnel.onEnd();
  expect(served.told).toEqual(["sent 1 end", "sent 3 end", "sent 5 end", "(end)", "(resume)"]);
});

test.each([
  ["is gone", undefined],
  ["goes away", control(7, Buffer.alloc(8))],
  ["breaks the protocol", Buffer.from("8002000600000000", "hex")],
])("a client that %s is told once", (_, bytes) => {
  const served = new Served();
  served.openAll();
  if (bytes === undefined) served.tunnel.onEnd();
  else served.tunnel.onData(bytes);
  served.tunnel.onEnd();
  expect(served.told).toEqual(["(end)", "(close)"]);
});

test("what is no upgrade to this protocol is refused", () => {
  expect(() => new Served({ upgrade: "h2c" })).toThrow("Upgrade request required");
  expect(() => new Served({ "x-stream-protocol-version": "v1" })).toThrow(
    "the client offers [v1], the server has [v4.channel.k8s.io]",
  );
});
