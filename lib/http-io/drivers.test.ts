import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { FakePair, passTick } from "../../test/fake/byte-stream.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import type {
  ClientConnection,
  RequestHandler,
  Reset,
  ResponseHandler,
  ServerHandler,
  ServerStream,
} from "./exchange.ts";
import { connectHttp1 } from "./http1-client.ts";
import { serveHttp1 } from "./http1-server.ts";
import { connectHttp2 } from "./http2-client.ts";
import { serveHttp2 } from "./http2-server.ts";

const now = () => 0;

class Answer implements ResponseHandler {
  informational: number[] = [];
  head: ResponseHead | undefined;
  body = "";
  ended = false;
  trailers: HeaderList | undefined;
  reset: Reset | undefined;
  writable = 0;

  onResponseInformational(head: ResponseHead): void {
    this.informational.push(head.status);
  }
  onResponseHead(head: ResponseHead, end: boolean): void {
    this.head = head;
    this.ended = end;
  }
  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    this.body += Buffer.from(chunk).toString("latin1");
  }
  onResponseEnd(trailers: HeaderList | undefined): void {
    this.ended = true;
    this.trailers = trailers;
  }
  onResponseReset(reset: Reset): void {
    this.reset = reset;
  }
  onRequestWritable(): void {
    this.writable++;
  }
}

/** Answers every request with its own body, and its trailers. */
class Echo implements ServerHandler {
  readonly streams: ServerStream[] = [];
  readonly resets: Reset[] = [];
  writable = 0;
  closed = false;

  onRequest(stream: ServerStream): void {
    this.streams.push(stream);
    const head = { status: 200, version: "HTTP/1.1" as const, headers: new HeaderList() };
    head.headers.add("x-path", stream.request.path);
    const handler: RequestHandler = {
      onRequestBytes: (bytes, from, to) => void stream.sendBytes(bytes, from, to),
      onRequestEnd: (trailers) => stream.sendEnd(trailers),
      onRequestReset: (reset) => void this.resets.push(reset),
      onResponseWritable: () => {
        this.writable++;
      },
    };
    stream.handler = handler;
    stream.sendHead(head, stream.requestEnded);
  }
  onConnectionClose(): void {
    this.closed = true;
  }
}

function request(path: string, fields: Partial<RequestHead> = {}): RequestHead {
  return {
    method: "GET",
    scheme: "http",
    authority: "web.test",
    path,
    version: "HTTP/2",
    protocol: "",
    headers: new HeaderList(),
    ...fields,
  };
}

interface Rig {
  readonly pair: FakePair;
  readonly client: ClientConnection;
  readonly events: string[];
}

function rig(version: "HTTP/1.1" | "HTTP/2", handler: ServerHandler): Rig {
  const pair = new FakePair();
  const events: string[] = [];
  const observer = {
    onAvailable: () => void events.push("available"),
    onClosed: () => void events.push("closed"),
  };
  if (version === "HTTP/1.1") {
    serveHttp1(pair.b, handler);
    return { pair, events, client: connectHttp1(pair.a, observer) };
  }
  serveHttp2(pair.b, handler, { now });
  return { pair, events, client: connectHttp2(pair.a, observer, { now }) };
}

describe.each(["HTTP/1.1", "HTTP/2"] as const)("%s", (version) => {
  test("a request without a body is answered", async () => {
    const { pair, client } = rig(version, new Echo());
    const answer = new Answer();
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
          const { pair, client } = rig(version, new Echo());
          for (let round = 0; round < 2; round++) {
            const answer = new Answer();
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
    const { pair, client } = rig(version, new Echo());
    const answer = new Answer();
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
    const { pair, client } = rig(version, echo);
    const answer = new Answer();
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
    const { pair, client } = rig(version, echo);
    const answer = new Answer();
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

  test("a request that is given up resets the server's stream", async () => {
    const echo = new Echo();
    const { pair, client } = rig(version, echo);
    const stream = client.send(request("/", { method: "POST" }), false, new Answer());
    await pair.run();
    stream.resetRequest(8);
    await pair.run();
    expect(echo.resets).toHaveLength(1);
    expect(client.activeStreams).toBe(0);
    expect(client.available).toBe(version === "HTTP/2");
  });

  test("a response that is given up resets the client's", async () => {
    const echo = new Echo();
    const { pair, client } = rig(version, echo);
    const answer = new Answer();
    client.send(request("/", { method: "POST" }), false, answer);
    await pair.run();
    echo.streams[0]?.resetResponse(2);
    await pair.run();
    expect(answer.reset?.reason).toBe(version === "HTTP/2" ? "cancelled" : "connection");
    expect(answer.reset?.unprocessed).toBe(false);
  });

  test("informational responses come before the final one", async () => {
    const { pair, client } = rig(version, {
      onRequest: (stream) => {
        stream.handler = idle;
        stream.sendInformational({ status: 103, version, headers: new HeaderList() });
        stream.sendHead({ status: 204, version, headers: new HeaderList() }, true);
      },
      onConnectionClose: () => undefined,
    });
    const answer = new Answer();
    client.send(request("/"), true, answer);
    await pair.run();
    expect(answer.informational).toEqual([103]);
    expect(answer.head?.status).toBe(204);
  });

  test("HEAD gets the length and no body", async () => {
    const { pair, client } = rig(version, {
      onRequest: (stream) => {
        stream.handler = idle;
        const headers = HeaderList.of(["content-length", "5"]);
        stream.sendHead({ status: 200, version, headers }, true);
      },
      onConnectionClose: () => undefined,
    });
    for (let round = 0; round < 2; round++) {
      const answer = new Answer();
      client.send(request("/", { method: "HEAD" }), true, answer);
      await pair.run();
      expect(answer.head?.headers.get("content-length")).toBe("5");
      expect(answer.ended).toBe(true);
      expect(answer.reset).toBeUndefined();
    }
  });

  test("a head and its first body bytes go out in one write", async () => {
    const { pair, client } = rig(version, {
      onRequest: (stream) => {
        stream.handler = idle;
        stream.sendHead({ status: 200, version, headers: new HeaderList() }, false);
        stream.sendBytes(...wholeOf(Buffer.from("hello")));
        stream.sendEnd(undefined);
      },
      onConnectionClose: () => undefined,
    });
    client.send(request("/"), true, new Answer());
    await pair.run();
    const before = pair.b.writes.length;
    const answer = new Answer();
    client.send(request("/"), true, answer);
    await pair.run();
    expect(answer.body).toBe("hello");
    expect(pair.b.writes.length).toBe(before + 1);
  });

  test("a client connection that drains closes when its request has ended", async () => {
    const echo = new Echo();
    const { pair, client, events } = rig(version, echo);
    const answer = new Answer();
    const stream = client.send(request("/", { method: "POST" }), false, answer);
    await pair.run();
    client.drain();
    expect(client.available).toBe(false);
    stream.sendEnd(undefined);
    await pair.run();
    expect(answer.ended).toBe(true);
    expect(events).toContain("closed");
    expect(echo.closed).toBe(true);
  });

  test("an idle client connection that drains closes at once", async () => {
    const { pair, client, events } = rig(version, new Echo());
    await pair.run();
    client.drain();
    await pair.run();
    expect(events).toContain("closed");
  });

  test("a connection that is lost resets both sides", async () => {
    const echo = new Echo();
    const { pair, client, events } = rig(version, echo);
    const answer = new Answer();
    client.send(request("/", { method: "POST" }), false, answer);
    await pair.run();
    client.destroy();
    await pair.run();
    expect(answer.reset?.reason).toBe("connection");
    expect(echo.resets).toHaveLength(1);
    expect(events.filter((event) => event === "closed")).toHaveLength(1);
    expect(echo.closed).toBe(true);
  });

  test("a server that drains ends what is under way and closes", async () => {
    const pair = new FakePair();
    const echo = new Echo();
    const server =
      version === "HTTP/2" ? serveHttp2(pair.b, echo, { now }) : serveHttp1(pair.b, echo);
    const observer = { onAvailable: () => undefined, onClosed: () => undefined };
    const client =
      version === "HTTP/2"
        ? connectHttp2(pair.a, observer, { now })
        : connectHttp1(pair.a, observer);
    const answer = new Answer();
    const stream = client.send(request("/", { method: "POST" }), false, answer);
    await pair.run();
    expect(server.activeStreams).toBe(1);
    server.drain();
    stream.sendEnd(undefined);
    await pair.run();
    expect(answer.ended).toBe(true);
    expect(server.activeStreams).toBe(0);
    expect(pair.b.ended).toBe(true);
    server.destroy();
    expect(echo.closed).toBe(true);
  });

  test("a handler that throws does not hold back other connections", async () => {
    const { pair, client } = rig(version, {
      onRequest: () => {
        throw new TypeError("broken");
      },
      onConnectionClose: () => undefined,
    });
    client.send(request("/"), true, new Answer());
    expect(await pair.run().catch(String)).toContain("broken");
    const other = rig(version, new Echo());
    const answer = new Answer();
    other.client.send(request("/"), true, answer);
    await other.pair.run();
    expect(answer.ended).toBe(true);
  });

  test("a paused response holds the server back", async () => {
    const echo = new Echo();
    const { pair, client } = rig(version, echo);
    const answer = new Answer();
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
