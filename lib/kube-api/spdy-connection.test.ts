import { describe, expect, test } from "bun:test";
import { control, data, number, reset, SpdyClient } from "../../test/fake/spdy-client.ts";
import { SpdyConnection, type SpdyStream } from "./spdy-connection.ts";

class Served {
  readonly client = new SpdyClient();
  readonly told: string[] = [];
  readonly streams: SpdyStream[] = [];
  takes = true;
  readonly #sent: Uint8Array[] = [];
  readonly connection: SpdyConnection;

  constructor() {
    const transport = {
      send: (bytes: Uint8Array) => {
        this.#sent.push(bytes);
        return this.takes;
      },
      close: () => void this.told.push("(closed)"),
    };
    this.connection = new SpdyConnection(transport, (stream) => {
      const { id } = stream;
      this.streams.push(stream);
      this.told.push(`${id} ${JSON.stringify(Object.fromEntries(stream.fields))}`);
      stream.observer = {
        onData: (bytes) => void this.told.push(`${id} ${Buffer.from(bytes)}`),
        onEnd: () => void this.told.push(`${id} end`),
        onReset: () => void this.told.push(`${id} reset`),
      };
    });
  }

  /** Frames that were sent since last asked. */
  get sent(): string[] {
    return this.#sent.splice(0).flatMap((bytes) => this.client.read(bytes));
  }

  get stream(): SpdyStream {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error("no stream was opened");
    return stream;
  }
}

const FIELDS = { streamtype: "data", port: "80" };
const TOLD = '1 {"streamtype":"data","port":"80"}';

test("a stream is accepted, speaks both ways and ends each way", () => {
  const served = new Served();
  served.connection.take(served.client.open(1, FIELDS));
  served.connection.take(data(1, "hi"));
  expect(served.sent).toEqual(["1 reply 0"]);
  expect(served.stream.send(Buffer.from("ho"))).toBe(true);
  served.takes = false;
  expect([served.stream.send(Buffer.from("!")), served.stream.send(Buffer.alloc(0))]).toEqual([
    false,
    true,
  ]);
  served.connection.take(data(1, "bye", "end"));
  served.connection.take(data(1, "late"));
  served.stream.end();
  served.stream.end();
  served.stream.reset();
  served.connection.take(data(1, "later"));
  expect(served.told).toEqual([TOLD, "1 hi", "1 bye", "1 end"]);
  expect(served.sent).toEqual(["1 ho", "1 !", "1 end"]);
});

test("frames may be cut anywhere", () => {
  const client = new SpdyClient();
  const bytes = Buffer.concat([
    client.open(1, FIELDS),
    client.headers(1, { more: "fields" }),
    data(1, "hi"),
    client.open(3, {}, { end: true }),
    data(1, "", "end"),
  ]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const served = new Served();
    served.connection.take(bytes.subarray(0, cut));
    served.connection.take(bytes.subarray(cut));
    expect(served.told).toEqual([TOLD, "1 hi", "3 {}", "3 end", "1 end"]);
  }
});

test("streams are reset by either end", () => {
  const served = new Served();
  for (const id of [1, 3]) served.connection.take(served.client.open(id, {}));
  served.connection.take(reset(1));
  served.connection.take(reset(7));
  served.stream.reset();
  served.connection.take(data(3, "late"));
  expect(served.told).toEqual(["1 {}", "3 {}", "1 reset"]);
  expect(served.sent).toEqual(["1 reply 0", "3 reply 0", "3 type 3"]);
});

test("pings are answered; settings and windows are passed over", () => {
  const served = new Served();
  served.connection.take(control(4, number(0)));
  served.connection.take(control(9, Buffer.concat([number(1), number(1)])));
  served.connection.take(control(6, number(5)));
  expect([served.sent, served.told]).toEqual([["5 type 6"], []]);
});

test("the end of a connection is the end of its streams, told once", () => {
  const served = new Served();
  served.connection.take(served.client.open(1, {}));
  served.connection.take(control(7, Buffer.concat([number(1), number(0)])));
  served.connection.close();
  served.connection.take(data(1, "late"));
  served.stream.end();
  expect(served.told).toEqual(["1 {}", "1 reset", "(closed)"]);
});

describe("the connection is ended by", () => {
  test.each([
    ["another version", Buffer.from("8002000600000000", "hex")],
    ["a frame that is too long", Buffer.from("0000000100ffffff", "hex")],
    ["a stream of the server's", new SpdyClient().open(2, {})],
    ["a block that is none", control(1, Buffer.alloc(30))],
  ])("%s", (_, bytes) => {
    const served = new Served();
    served.connection.take(bytes);
    expect(served.told).toEqual(["(closed)"]);
  });

  test("a stream that is opened twice", () => {
    const served = new Served();
    served.connection.take(served.client.open(1, {}));
    served.connection.take(served.client.open(1, {}));
    expect(served.told).toEqual(["1 {}", "1 reset", "(closed)"]);
  });
});
