import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { FakePair, passTick } from "../../test/fake/byte-stream.ts";
import { RecordedAnswer, request } from "../../test/fake/driver-rig.ts";
import type { ClientConnection, ClientStream, ServerStream } from "./exchange.ts";
import { NOBODY } from "./exchange.ts";
import { connectHttp2 } from "./http2-client.ts";
import { serveHttp2 } from "./http2-server.ts";

const STREAMS = 90;
const BODY = Buffer.from("x");
const now = (): number => 0;
const head = (): Parameters<ServerStream["sendHead"]>[0] => ({
  status: 200,
  version: "HTTP/2",
  headers: new HeaderList(),
});

/** A connection whose server leaves what is asked to the test. */
class Rig {
  readonly pair = new FakePair();
  readonly client: ClientConnection;
  readonly #asked: ServerStream[] = [];

  constructor() {
    const onRequest = (stream: ServerStream): void => void this.#asked.push(stream);
    serveHttp2(this.pair.b, { onRequest, onConnectionClose: () => undefined }, { now });
    const observer = { onAvailable: () => undefined, onClosed: () => undefined };
    this.client = connectHttp2(this.pair.a, observer, { now });
  }

  ask(): ClientStream {
    return this.client.send(request("/", { method: "POST" }), false, new RecordedAnswer());
  }

  /** The stream that the server was asked for last. */
  asked(): ServerStream {
    return this.#asked.pop() as ServerStream;
  }

  /** Hands to the server what the client has sent, but for so many bytes. */
  async toServer(less = 0): Promise<void> {
    await passTick();
    const { a } = this.pair;
    if (a.queuedBytes > less) a.deliver(() => a.queuedBytes - less);
    await passTick();
  }

  async toClient(): Promise<void> {
    const { b } = this.pair;
    b.deliver(() => b.queuedBytes);
    await passTick();
  }
}

/** How many of them somebody still holds; what was made in this turn of the event loop is held until the next. */
async function living(streams: readonly WeakRef<object>[]): Promise<number> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  Bun.gc(true);
  return streams.filter((stream) => stream.deref() !== undefined).length;
}

const ends: readonly [string, (sent: ClientStream, served: ServerStream) => void][] = [
  ["its client resets", (sent) => sent.resetRequest(8)],
  ["its server resets", (_, served) => served.resetResponse(8)],
  ["is answered", (_, served) => served.sendEnd(undefined)],
  [
    "is answered after its request",
    (sent, served) => {
      served.handler = { ...NOBODY, onRequestEnd: () => served.sendEnd(undefined) };
      sent.sendEnd(undefined);
    },
  ],
];

test.each(ends)("a server whose socket is full keeps no stream that %s", async (_, end) => {
  const rig = new Rig();
  rig.pair.b.highWaterBytes = 0;
  const streams: WeakRef<object>[] = [];
  for (let i = 0; i < STREAMS; i++) {
    const sent = rig.ask();
    await rig.toServer();
    const served = rig.asked();
    streams.push(new WeakRef(served));
    served.sendHead(head(), false);
    expect(served.sendBytes(BODY, 0, 1)).toBe(false);
    end(sent, served);
    await rig.toServer();
  }
  // The collector is conservative: a few may be held by what lies on the stack.
  expect(await living(streams)).toBeLessThan(STREAMS / 3);
});

test.each([
  ["it resets", "reset"],
  ["its server resets", "lose"],
  ["is answered", "answer"],
  ["is answered after its end", "end"],
])("a client whose socket is full keeps no stream that %s", async (_, end) => {
  const rig = new Rig();
  await rig.pair.run();
  rig.pair.a.highWaterBytes = 0;
  const streams: WeakRef<object>[] = [];
  for (let i = 0; i < STREAMS; i++) {
    const sent = rig.ask();
    streams.push(new WeakRef(sent));
    await rig.toServer(1);
    expect(sent.sendBytes(BODY, 0, 1)).toBe(false);
    if (end === "reset") sent.resetRequest(8);
    if (end === "end") sent.sendEnd(undefined);
    await rig.toServer(1);
    const served = rig.asked();
    if (end === "lose") served.resetResponse(8);
    else served.sendHead(head(), true);
    await passTick();
    await rig.toClient();
  }
  expect(rig.client.activeStreams).toBe(0);
  expect(await living(streams)).toBeLessThan(STREAMS / 3);
});
