import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HeaderList } from "#lib/http/headers.ts";
import { passTick } from "../../test/fake/byte-stream.ts";
import { driverRig, Echo, RecordedAnswer, request } from "../../test/fake/driver-rig.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import type { RequestHandler } from "./exchange.ts";

describe.each(["HTTP/1.1", "HTTP/2"] as const)("%s", (version) => {
  test("a request without a body is answered", async () => {
    const { pair, client } = driverRig(version, new Echo());
    const answer = new RecordedAnswer();
    client.send(request("/a?b"), true, answer);
    expect(client.activeStreams).toBe(1);
    await pair.run();
    expect(answer.head?.status).toBe(200);
    expect(answer.head?.headers.get("x-path")).toBe("/a?b");
    expect(answer.ended).toBe(true);
    expect(client.activeStreams).toBe(0);
    expect(client.available).toBe(true);
  });

  test("bodies and trailers go both ways in any pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ minLength: 0, maxLength: 40, unit: "binary-ascii" }), {
          maxLength: 5,
        }),
        fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
        async (chunks, sizes) => {
          const { pair, client } = driverRig(version, new Echo());
          for (let round = 0; round < 2; round++) {
            const answer = new RecordedAnswer();
            const stream = client.send(request("/", { method: "POST" }), false, answer);
            for (const chunk of chunks) stream.sendBytes(...wholeOf(Buffer.from(chunk, "latin1")));
            stream.sendEnd(HeaderList.of(["x-sum", "1"]));
            await pair.run(() => sizes.next().value ?? 1);
            expect(answer.body).toBe(chunks.join(""));
            expect(answer.ended).toBe(true);
            expect(answer.trailers?.get("x-sum")).toBe("1");
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a body larger than every window arrives whole", async () => {
    const { pair, client } = driverRig(version, new Echo());
    const answer = new RecordedAnswer();
    const stream = client.send(request("/", { method: "POST" }), false, answer);
    const chunk = Buffer.alloc(3_000_000, "x");
    const open = stream.sendBytes(chunk, 0, chunk.length);
    expect(open).toBe(version === "HTTP/1.1");
    stream.sendEnd(undefined);
    await pair.run(() => 60_000);
    expect(answer.body.length).toBe(3_000_000);
    expect(answer.ended).toBe(true);
  });

  test("a paused request stops the client, and flows on when resumed", async () => {
    const echo = new Echo();
    const { pair, client } = driverRig(version, echo);
    const answer = new RecordedAnswer();
    pair.a.highWaterBytes = 100_000;
    const stream = client.send(request("/", { method: "POST" }), false, answer);
    await pair.run();
    echo.streams[0]?.pauseRequest();
    let sent = 0;
    const chunk = Buffer.alloc(20_000, "y");
    let open = true;
    while (open && sent < 5_000_000) {
      open = stream.sendBytes(chunk, 0, chunk.length);
      sent += chunk.length;
      await pair.run();
    }
    expect(open).toBe(false);
    expect(sent).toBeLessThan(5_000_000);
    echo.streams[0]?.resumeRequest();
    await pair.run();
    expect(answer.writable).toBeGreaterThan(0);
    stream.sendEnd(undefined);
    await pair.run();
    expect(answer.body.length).toBe(sent);
    expect(answer.ended).toBe(true);
  });

  test("a full socket holds the response until it drains", async () => {
    const echo = new Echo();
    const { pair, client } = driverRig(version, echo);
    const answer = new RecordedAnswer();
    const stream = client.send(request("/", { method: "POST" }), false, answer);
    await pair.run();
    pair.b.highWaterBytes = 10;
    echo.streams[0]?.sendBytes(...wholeOf(Buffer.alloc(30_000)));
    pair.b.handler.onDrain();
    await passTick();
    expect(echo.streams[0]?.sendBytes(...wholeOf(Buffer.alloc(20_000)))).toBe(false);
    await pair.run();
    expect(echo.writable).toBeGreaterThan(0);
    stream.sendEnd(undefined);
    await pair.run();
    expect(answer.body.length).toBe(50_000);
  });

  test("informational responses come before the final one", async () => {
    const { pair, client } = driverRig(version, {
      onRequest: (stream) => {
        stream.handler = idle;
        stream.sendInformational({ status: 103, version, headers: new HeaderList() });
        stream.sendHead({ status: 204, version, headers: new HeaderList() }, true);
      },
      onConnectionClose: () => undefined,
    });
    const answer = new RecordedAnswer();
    client.send(request("/"), true, answer);
    await pair.run();
    expect(answer.informational).toEqual([103]);
    expect(answer.head?.status).toBe(204);
  });

  test("HEAD gets the length and no body", async () => {
    const { pair, client } = driverRig(version, {
      onRequest: (stream) => {
        stream.handler = idle;
        const headers = HeaderList.of(["content-length", "5"]);
        stream.sendHead({ status: 200, version, headers }, true);
      },
      onConnectionClose: () => undefined,
    });
    for (let round = 0; round < 2; round++) {
      const answer = new RecordedAnswer();
      client.send(request("/", { method: "HEAD" }), true, answer);
      await pair.run();
      expect(answer.head?.headers.get("content-length")).toBe("5");
      expect(answer.ended).toBe(true);
      expect(answer.reset).toBeUndefined();
    }
  });

  test("a head and its first body bytes go out in one write", async () => {
    const { pair, client } = driverRig(version, {
      onRequest: (stream) => {
        stream.handler = idle;
        stream.sendHead({ status: 200, version, headers: new HeaderList() }, false);
        stream.sendBytes(...wholeOf(Buffer.from("hello")));
        stream.sendEnd(undefined);
      },
      onConnectionClose: () => undefined,
    });
    client.send(request("/"), true, new RecordedAnswer());
    await pair.run();
    const before = pair.b.writes.length;
    const answer = new RecordedAnswer();
    client.send(request("/"), true, answer);
    await pair.run();
    expect(answer.body).toBe("hello");
    expect(pair.b.writes.length).toBe(before + 1);
  });

  test("a paused response holds the server back", async () => {
    const echo = new Echo();
    const { pair, client } = driverRig(version, echo);
    const answer = new RecordedAnswer();
    const stream = client.send(request("/", { method: "POST" }), false, answer);
    await pair.run();
    stream.pauseResponse();
    pair.b.highWaterBytes = 50_000;
    const served = echo.streams[0];
    let open = true;
    let sent = 0;
    while (open && sent < 5_000_000) {
      open = served?.sendBytes(...wholeOf(Buffer.alloc(10_000))) ?? false;
      sent += 10_000;
      await pair.run();
    }
    expect(open).toBe(false);
    stream.resumeResponse();
    stream.sendEnd(undefined);
    await pair.run();
    expect(answer.body.length).toBe(sent);
  });
});

const idle: RequestHandler = {
  onRequestBytes: () => undefined,
  onRequestEnd: () => undefined,
  onRequestReset: () => undefined,
  onResponseWritable: () => undefined,
};
