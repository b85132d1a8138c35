import { describe, expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { driverRig, Echo, RecordedAnswer, request } from "../../test/fake/driver-rig.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import { NOBODY, type ServerStream } from "./exchange.ts";
import { connectHttp1 } from "./http1-client.ts";
import { serveHttp1 } from "./http1-server.ts";
import { connectHttp2 } from "./http2-client.ts";
import { serveHttp2 } from "./http2-server.ts";

const now = () => 0;

describe.each(["HTTP/1.1", "HTTP/2"] as const)("%s", (version) => {
  test("a request that is given up resets the server's stream", async () => {
    const echo = new Echo();
    const { pair, client } = driverRig(version, echo);
    const stream = client.send(request("/", { method: "POST" }), false, new RecordedAnswer());
    await pair.run();
    stream.resetRequest(8);
    await pair.run();
    expect(echo.resets).toHaveLength(1);
    expect(client.activeStreams).toBe(0);
    expect(client.available).toBe(version === "HTTP/2");
  });

  test("a response that is given up resets the client's", async () => {
    const echo = new Echo();
    const { pair, client } = driverRig(version, echo);
    const answer = new RecordedAnswer();
    client.send(request("/", { method: "POST" }), false, answer);
    await pair.run();
    echo.streams[0]?.resetResponse(2);
    await pair.run();
    expect(answer.reset?.reason).toBe(version === "HTTP/2" ? "cancelled" : "connection");
    expect(answer.reset?.unprocessed).toBe(false);
  });

  test("a client connection that drains closes when its request has ended", async () => {
    const echo = new Echo();
    const { pair, client, events } = driverRig(version, echo);
    const answer = new RecordedAnswer();
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
    const { pair, client, events } = driverRig(version, new Echo());
    await pair.run();
    client.drain();
    await pair.run();
    expect(events).toContain("closed");
  });

  test("what is said before a tunnel opens goes through it, and so does its end", async () => {
    const log: string[] = [];
    const server: ServerStream[] = [];
    const { pair, client } = driverRig(version, {
      onRequest: (stream) => {
        server.push(stream);
        stream.handler = {
          ...NOBODY,
          onRequestBytes: (bytes, from, to) => void log.push(bytes.toString("latin1", from, to)),
          onRequestEnd: () => void log.push("end"),
        };
      },
      onConnectionClose: () => undefined,
    });
    const answer = new RecordedAnswer();
    const head = request("", { method: "CONNECT", authority: "a.test:443", scheme: "" });
    const stream = client.send(head, false, answer);
    stream.sendBytes(...wholeOf(Buffer.from("early")));
    stream.sendEnd(undefined);
    await pair.run();
    server[0]?.sendHead({ status: 200, version: "HTTP/1.1", headers: new HeaderList() }, false);
    await pair.run();
    server[0]?.sendBytes(...wholeOf(Buffer.from("answer")));
    server[0]?.sendEnd(undefined);
    await pair.run();
    expect(log).toEqual(["early", "end"]);
    expect([answer.head?.status, answer.body, answer.ended]).toEqual([200, "answer", true]);
  });

  test("a connection that is lost resets both sides", async () => {
    const echo = new Echo();
    const { pair, client, events } = driverRig(version, echo);
    const answer = new RecordedAnswer();
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
    const answer = new RecordedAnswer();
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
    const { pair, client } = driverRig(version, {
      onRequest: () => {
        throw new TypeError("broken");
      },
      onConnectionClose: () => undefined,
    });
    client.send(request("/"), true, new RecordedAnswer());
    expect(await pair.run().catch(String)).toContain("broken");
    const other = driverRig(version, new Echo());
    const answer = new RecordedAnswer();
    other.client.send(request("/"), true, answer);
    await other.pair.run();
    expect(answer.ended).toBe(true);
  });
});
