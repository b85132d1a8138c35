import { describe, expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import type { ClientConnection, ResponseHandler } from "./exchange.ts";
import { connectHttp1 } from "./http1-client.ts";
import { LINGER_LIMIT_MS } from "./patience.ts";

/** A client whose server is written by hand. */
class Asked implements ResponseHandler {
  readonly pair = new FakePair();
  readonly clock = new FakeClock();
  readonly events: string[] = [];
  readonly connection: ClientConnection;

  constructor(abrupt = false) {
    this.connection = connectHttp1(
      this.pair.a,
      { onAvailable: () => this.#push("available"), onClosed: () => this.#push("closed") },
      { clock: this.clock, abrupt },
    );
  }

  #push(event: string): void {
    this.events.push(event);
  }
  onResponseInformational(informational: ResponseHead): void {
    this.#push(`${informational.status}`);
  }
  onResponseHead(final: ResponseHead, end: boolean): void {
    this.#push(`${final.status}${end ? " end" : ""}`);
  }
  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    this.#push(`data ${Buffer.from(chunk).toString()}`);
  }
  onResponseEnd(): void {
    this.#push("end");
  }
  onResponseReset({ reason }: { readonly reason: string }): void {
    this.#push(`reset ${reason}`);
  }
  onRequestWritable(): void {
    this.#push("writable");
  }
  async reply(text: string): Promise<void> {
    this.pair.b.write(Buffer.from(text, "latin1"));
    await this.pair.run();
  }
}

const request = (fields: Partial<RequestHead> = {}): RequestHead => ({
  ...{ method: "GET", scheme: "", authority: "a", path: "/", version: "HTTP/1.1", protocol: "" },
  headers: new HeaderList(),
  ...fields,
});

describe("connectHttp1()", () => {
  test("bytes behind a response end the connection, and never answer the next request", async () => {
    for (const method of ["GET", "HEAD"]) {
      const asked = new Asked();
      const body = method === "GET" ? "hello" : "";
      asked.connection.send(request({ method }), true, asked);
      const forged = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
      await asked.reply(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${body}${forged}`);
      const got = method === "GET" ? ["200", "data hello", "end"] : ["200 end"];
      expect(asked.events).toEqual([...got, "closed"]);
      expect(asked.pair.a.closed).toBe(true);
    }
  });

  test("an answer before the request has ended makes the connection useless", async () => {
    const asked = new Asked();
    const stream = asked.connection.send(request({ method: "POST" }), false, asked);
    stream.sendBytes(...wholeOf(Buffer.from("part")));
    await asked.reply("HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n");
    expect(asked.events).toEqual(["413 end", "closed"]);
    expect(asked.pair.a.closed).toBe(true);
  });

  test("GET with a body is the last request of its connection", async () => {
    for (const headers of [HeaderList.of(["content-length", "1"]), HeaderList.of()]) {
      const asked = new Asked();
      const stream = asked.connection.send(request({ headers }), false, asked);
      stream.sendBytes(...wholeOf(Buffer.from("x")));
      stream.sendEnd(undefined);
      await asked.reply("HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n");
      expect(asked.pair.a.text).toContain("connection: close\r\n");
      expect(asked.events).toEqual(["200 end", "closed"]);
    }
  });

  test("an upgrade that is not made leaves a connection that can be used", async () => {
    const asked = new Asked();
    const headers = HeaderList.of(["upgrade", "x"]);
    asked.connection.send(request({ headers }), false, asked);
    await asked.reply("HTTP/1.1 426 x\r\nContent-Length: 0\r\n\r\n");
    expect(asked.events).toEqual(["426 end", "available"]);
  });

  const connect = (): RequestHead => request({ method: "CONNECT", authority: "a:1", path: "" });
  const upgrade = (): RequestHead => request({ headers: HeaderList.of(["upgrade", "x"]) });
  const tunnels = [
    ["CONNECT", connect, "HTTP/1.1 200 x\r\n\r\n"],
    ["an upgrade", upgrade, "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"],
  ] as const;

  test.each(tunnels)(
    "what is said before %s opens its tunnel waits for that",
    async (_, head, opens) => {
      const asked = new Asked();
      const { a } = asked.pair;
      const stream = asked.connection.send(head(), false, asked);
      await asked.pair.run();
      const asks = a.text;
      expect(stream.sendBytes(...wholeOf(Buffer.from("early ")))).toBe(false);
      asked.pair.a.handler.onDrain();
      await asked.reply("HTTP/1.1 103 x\r\n\r\n");
      expect([a.text, asked.events]).toEqual([asks, ["103"]]);
      await asked.reply(`${opens}hello`);
      const status = opens.slice(9, 12);
      expect(asked.events).toEqual(["103", status, "writable", "data hello"]);
      expect(stream.sendBytes(...wholeOf(Buffer.from("late")))).toBe(true);
      stream.sendEnd(undefined);
      await asked.pair.run();
      expect([a.text, a.ended]).toEqual([`${asks}early late`, true]);
    },
  );

  test.each(tunnels)(
    "an end before %s opens its tunnel half-closes that",
    async (_, head, opens) => {
      for (const text of ["", "early"]) {
        const asked = new Asked();
        const { a } = asked.pair;
        const stream = asked.connection.send(head(), false, asked);
        if (text !== "") stream.sendBytes(...wholeOf(Buffer.from(text)));
        stream.sendEnd(undefined);
        await asked.pair.run();
        expect(a.ended).toBe(false);
        await asked.reply(`${opens}hello`);
        expect([a.text.endsWith(`\r\n\r\n${text}`), a.ended]).toEqual([true, true]);
        asked.pair.b.end();
        await asked.pair.run();
        expect(asked.events).toEqual([opens.slice(9, 12), "data hello", "end", "closed"]);
      }
    },
  );

  test("CONNECT that has ended with its head half-closes its tunnel", async () => {
    const asked = new Asked();
    asked.connection.send(connect(), true, asked);
    await asked.pair.run();
    expect(asked.pair.a.ended).toBe(false);
    await asked.reply("HTTP/1.1 200 x\r\n\r\n");
    expect(asked.pair.a.ended).toBe(true);
  });

  test.each(tunnels)("what was said before %s is refused is no request", async (_, head) => {
    for (const ends of [false, true]) {
      const asked = new Asked();
      const stream = asked.connection.send(head(), false, asked);
      stream.sendBytes(...wholeOf(Buffer.from("early")));
      if (ends) stream.sendEnd(undefined);
      await asked.reply("HTTP/1.1 403 x\r\nContent-Length: 2\r\n\r\nn");
      expect(stream.sendBytes(...wholeOf(Buffer.from("late")))).toBe(true);
      stream.sendEnd(undefined);
      await asked.reply("o");
      const writable = ends ? [] : ["writable"];
      expect(asked.events).toEqual(["403", ...writable, "data n", "data o", "end", "available"]);
      expect(asked.pair.a.text).toEndWith("\r\n\r\n");
      asked.connection.send(request(), true, asked);
      await asked.pair.run();
      expect(asked.pair.a.text).toEndWith("\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n");
    }
  });

  test("nothing of a tunnel is sent where it is given up as it opens", async () => {
    const asked = new Asked();
    const stream = asked.connection.send(connect(), false, asked);
    stream.sendBytes(...wholeOf(Buffer.from("early")));
    asked.onResponseHead = () => stream.resetRequest(0);
    await asked.reply("HTTP/1.1 200 x\r\n\r\n");
    expect([asked.events, asked.pair.a.closed]).toEqual([["closed"], true]);
    expect(asked.pair.a.text).not.toContain("early");
  });

  test("a server that does not end its side is cut off after LINGER_LIMIT_MS", async () => {
    const asked = new Asked();
    asked.connection.send(request(), true, asked);
    await asked.reply("HTTP/1.1 200 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    expect([asked.pair.a.ended, asked.pair.a.closed]).toEqual([true, false]);
    asked.clock.advance(LINGER_LIMIT_MS + 250);
    expect(asked.pair.a.closed).toBe(true);
  });

  test("an abrupt connection is reset once nothing is on its way, and no earlier", async () => {
    const idle = new Asked(true);
    idle.connection.send(request(), true, idle);
    await idle.reply("HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n");
    expect(idle.pair.a.closed).toBe(false);
    idle.connection.drain();
    expect([idle.pair.a.ended, idle.pair.a.closed]).toEqual([false, true]);
    expect(idle.events).toEqual(["200 end", "available", "closed"]);
    const busy = new Asked(true);
    busy.connection.send(request(), true, busy);
    busy.connection.drain();
    await busy.reply("HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nh");
    expect(busy.pair.a.closed).toBe(false);
    await busy.reply("i");
    expect(busy.pair.a.closed).toBe(true);
    expect(busy.events).toEqual(["200", "data h", "data i", "end", "closed"]);
  });

  test("chunks are not sent in HTTP/1.0, and a body of any length is", async () => {
    const asked = new Asked();
    const old = request({ method: "POST", version: "HTTP/1.0", authority: "" });
    asked.connection.send(old, false, asked).sendEnd(undefined);
    await asked.pair.run();
    expect(asked.pair.a.text).toStartWith("POST / HTTP/1.1\r\nhost: \r\n");
  });
});
