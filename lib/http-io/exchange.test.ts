import { describe, expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { driverRig, RecordedAnswer, request } from "../../test/fake/driver-rig.ts";
import type { ServerHandler, ServerStream } from "./exchange.ts";

/** Takes requests and follows none of them. */
class Careless implements ServerHandler {
  readonly streams: ServerStream[] = [];
  onRequest(stream: ServerStream): void {
    this.streams.push(stream);
  }
  onConnectionClose(): void {
    // Nor this.
  }
}

describe.each(["HTTP/1.1", "HTTP/2"] as const)("NOBODY over %s", (version) => {
  test("takes a body and its end, and hears that the response may go on", async () => {
    const careless = new Careless();
    const { pair, client } = driverRig(version, careless);
    pair.b.highWaterBytes = 64 * 1024;
    const answer = new RecordedAnswer();
    const sent = client.send(request("/", { method: "POST" }), false, answer);
    sent.sendBytes(Buffer.from("unread"), 0, 6);
    sent.sendEnd(undefined);
    await pair.run();
    const [stream] = careless.streams;
    stream?.sendHead({ status: 200, version, headers: new HeaderList() }, false);
    const body = Buffer.alloc(2 * 1024 * 1024, "x");
    expect(stream?.sendBytes(body, 0, body.length)).toBe(false);
    await pair.run();
    stream?.sendEnd(undefined);
    await pair.run();
    expect([answer.body.length, answer.ended]).toEqual([body.length, true]);
  });

  test("hears of a request that is given up", async () => {
    const careless = new Careless();
    const { pair, client } = driverRig(version, careless);
    const sent = client.send(request("/", { method: "POST" }), false, new RecordedAnswer());
    await pair.run();
    sent.resetRequest(8);
    await pair.run();
    expect(careless.streams).toHaveLength(1);
    expect(client.activeStreams).toBe(0);
  });
});
