import { describe, expect, test } from "bun:test";
import { FakePair, passTick } from "../../test/fake/byte-stream.ts";
import { livingArrays } from "../../test/fake/living-arrays.ts";
import {
  SIMPLE_BACKLOG_LIMIT_BYTES,
  SIMPLE_BODY_LIMIT_BYTES,
  type SimpleHandler,
  type SimpleRequest,
  type SimpleTunnel,
  type SimpleWriter,
  serveSimple,
} from "./simple.ts";

function serve(handler: SimpleHandler): FakePair {
  const pair = new FakePair();
  serveSimple(pair.b, { protocol: "HTTP/1.1", now: () => 0 }, handler);
  return pair;
}

async function ask(text: string, handler: SimpleHandler): Promise<string> {
  const pair = serve(handler);
  pair.a.write(Buffer.from(text, "latin1"));
  await pair.run(() => 100_000);
  return pair.b.text;
}

describe("serveSimple()", () => {
  test("gives the whole request and sends the answer", async () => {
    let seen: SimpleRequest | undefined;
    const answer = await ask(
      "POST /api/pods?watch=1 HTTP/1.1\r\nHost: k\r\nContent-Length: 5\r\n\r\nhello",
      (request) => {
        seen = request;
        request.respond(201, { "content-type": "text/plain" }, "made");
        request.respond(500, {}, "");
        request.stream(200, {}).write("late");
        request.tunnel({}).end();
      },
    );
    expect(seen?.path).toBe("/api/pods");
    expect(seen?.query.get("watch")).toBe("1");
    expect(Buffer.from(seen?.body ?? []).toString()).toBe("hello");
    expect(answer).toBe(
      "HTTP/1.1 201 Created\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nmade",
    );
  });

  test("sends no body to HEAD", async () => {
    const answer = await ask("HEAD / HTTP/1.1\r\nHost: k\r\n\r\n", (request) =>
      request.respond(200, {}, "text"),
    );
    expect(answer).toBe("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
  });

  test("streams pieces and ends", async () => {
    const answer = await ask("GET / HTTP/1.1\r\nHost: k\r\n\r\n", (request) => {
      const writer = request.stream(200, {});
      writer.write("one");
      writer.write(Buffer.from("two"));
      writer.end();
      writer.write("after");
      writer.end();
    });
    expect(answer).toEndWith("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
  });

  test("tells a streamed answer that the client is gone", async () => {
    let closed = 0;
    const pair = serve((request) => {
      request.stream(200, {}).onClose = () => {
        closed++;
      };
    });
    pair.a.write(Buffer.from("GET / HTTP/1.1\r\nHost: k\r\n\r\n"));
    await pair.run();
    pair.a.destroy();
    expect(closed).toBe(1);
  });

  test("breaks off a reader that is too far behind", async () => {
    let writer: SimpleWriter | undefined;
    let closed = 0;
    const pair = serve((request) => {
      writer = request.stream(200, {});
      writer.onClose = () => {
        closed++;
      };
    });
    pair.a.write(Buffer.from("GET / HTTP/1.1\r\nHost: k\r\n\r\n"));
    await pair.run();
    pair.b.highWaterBytes = 1;
    writer?.write(Buffer.alloc(100_000));
    pair.b.handler.onDrain();
    writer?.write(Buffer.alloc(SIMPLE_BACKLOG_LIMIT_BYTES));
    writer?.write("x");
    expect(closed).toBe(1);
    expect(pair.b.closed).toBe(true);
  });

  test("refuses a body over the limit with 413", async () => {
    const bytes = SIMPLE_BODY_LIMIT_BYTES + 1;
    const answer = await ask(
      `PUT / HTTP/1.1\r\nHost: k\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`,
      () => expect.unreachable(),
    );
    expect(answer).toStartWith("HTTP/1.1 413 ");
  });

  test("keeps a body that comes byte by byte in little more than its length", async () => {
    const count = 20_000;
    const bodies: Uint8Array[] = [];
    const pair = serve(({ body }) => void bodies.push(body));
    pair.a.write(Buffer.from("POST / HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n"));
    await pair.run();
    const before = livingArrays();
    pair.a.write(Buffer.from("1\r\nx\r\n".repeat(count)));
    do {
      await pair.run();
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (pair.b.paused);
    expect(livingArrays() - before).toBeLessThan(count / 100);
    pair.a.write(Buffer.from("0\r\n\r\n"));
    await pair.run();
    expect(bodies.map((body) => Buffer.from(body).toString())).toEqual(["x".repeat(count)]);
  });

  test("opens a tunnel for an upgrade", async () => {
    let tunnel: SimpleTunnel | undefined;
    const got: string[] = [];
    const pair = serve((request) => {
      expect(request.upgrade).toBe(true);
      tunnel = request.tunnel({ upgrade: "websocket" });
      tunnel.onData = (chunk) => void got.push(Buffer.from(chunk).toString());
      tunnel.onEnd = () => void got.push("end");
    });
    pair.a.write(
      Buffer.from(
        "GET /ws HTTP/1.1\r\nHost: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi",
      ),
    );
    await pair.run();
    tunnel?.write(Buffer.from("there"));
    await pair.run();
    expect(pair.b.text).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nthere",
    );
    pair.a.end();
    await pair.run();
    tunnel?.end();
    await pair.run();
    expect(got).toEqual(["hi", "end"]);
    expect(pair.b.closed).toBe(true);
  });

  test("ends a tunnel once when the client is gone", async () => {
    const got: string[] = [];
    const pair = serve((request) => {
      request.tunnel({}).onEnd = () => void got.push("end");
    });
    pair.a.write(Buffer.from("CONNECT k:1 HTTP/1.1\r\nHost: k:1\r\n\r\n"));
    await pair.run();
    expect(pair.b.text).toBe("HTTP/1.1 200 OK\r\n\r\n");
    pair.a.destroy();
    expect(got).toEqual(["end"]);
  });

  test("speaks HTTP/2 as well", async () => {
    const pair = new FakePair();
    const connection = serveSimple(pair.b, { protocol: "HTTP/2", now: () => 0 }, () => undefined);
    connection.onData(Buffer.from("GET / HTTP/1.1\r\n\r\n123456"));
    await passTick();
    expect(pair.b.ended).toBe(true);
  });
});
