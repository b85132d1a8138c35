import { expect, test } from "bun:test";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { data, reset, SpdyClient } from "../../test/fake/spdy-client.ts";
import { ForwardedPort } from "./forwarded-port.ts";
import { SpdyForward } from "./spdy-forward.ts";

class Served {
  readonly client = new SpdyClient();
  readonly pairs: FakePair[] = [];
  readonly ports: number[] = [];
  readonly told: string[] = [];
  takes = true;
  readonly forward: SpdyForward;

  constructor(problem?: string) {
    this.forward = new SpdyForward(
      {
        send: (bytes) => {
          this.told.push(...this.client.read(bytes));
          return this.takes;
        },
        close: () => void this.told.push("(closed)"),
        pause: () => void this.told.push("(pause)"),
        resume: () => void this.told.push("(resume)"),
      },
      (port, observer) => {
        const pair = new FakePair();
        this.ports.push(port);
        this.pairs.push(pair);
        const connecting =
          problem === undefined ? Promise.resolve(pair.b) : Promise.reject(new Error(problem));
        return new ForwardedPort(connecting, observer);
      },
    );
  }

  take(...frames: Uint8Array[]): void {
    for (const frame of frames) this.forward.connection.take(frame);
  }

  /** Both streams of a connection to a port. */
  open(id: number, port: string): void {
    const fields = { port, requestid: String(id) };
    this.take(this.client.open(id, { streamtype: "error", ...fields }, { end: true }));
    this.take(this.client.open(id + 2, { streamtype: "data", ...fields }));
  }

  /** What was told since last asked, once all has moved. */
  async settled(): Promise<string[]> {
    await Promise.resolve();
    for (const pair of this.pairs) await pair.run();
    return this.told.splice(0);
  }
}

test("connections are independent, and end each way", async () => {
  const served = new Served();
  served.open(1, "80");
  served.open(5, "81");
  served.take(data(3, "a"), data(7, "b"));
  await served.settled();
  const [first, second] = served.pairs;
  expect([served.ports, first?.b.text, second?.b.text]).toEqual([[80, 81], "a", "b"]);
  first?.a.write(Buffer.from("A"));
  served.take(data(3, "", "end"));
  expect(await served.settled()).toEqual(["(resume)", "3 A"]);
  expect([first?.b.ended, second?.b.ended]).toEqual([true, false]);
  first?.a.end();
  expect(await served.settled()).toEqual(["3 end", "1 end"]);
});

test("a port that cannot be reached is told on the error stream", async () => {
  const served = new Served("connection refused");
  served.open(1, "80");
  await served.settled();
  served.open(5, "80");
  expect(await served.settled()).toEqual([
    "5 reply 0",
    "7 reply 0",
    "(resume)",
    "5 connection refused",
    "5 end",
    "7 end",
  ]);
});

test("each side waits for the other", async () => {
  const served = new Served();
  served.open(1, "80");
  served.take(data(3, "early"));
  const told = await served.settled();
  expect(told).toEqual(["1 reply 0", "3 reply 0", "(pause)", "(resume)"]);
  const [pair] = served.pairs;
  served.takes = false;
  pair?.a.write(Buffer.from("x"));
  await served.settled();
  expect(pair?.b.paused).toBe(true);
  served.forward.drained();
  expect(pair?.b.paused).toBe(false);
});

test("a client that resets its stream has left; the pod's end is not told", async () => {
  const served = new Served();
  served.open(1, "80");
  await served.settled();
  served.take(reset(3));
  served.pairs[0]?.a.end();
  expect(await served.settled()).toEqual(["(resume)", "1 end"]);
  expect(served.pairs[0]?.b.closed).toBe(true);
});

test("a client that is gone leaves all its ports", async () => {
  const served = new Served();
  served.open(1, "80");
  served.open(5, "80");
  await served.settled();
  served.forward.connection.left();
  await served.settled();
  expect(served.pairs.map(({ b }) => b.ended)).toEqual([true, true]);
});

test.each([
  ["no error stream", { streamtype: "data", port: "80", requestid: "9" }],
  ["another type", { streamtype: "x", port: "80", requestid: "1" }],
  ["no port", { streamtype: "data", port: "0", requestid: "1" }],
])("a stream with %s is reset", async (_, fields) => {
  const served = new Served();
  served.take(served.client.open(1, { streamtype: "error", port: "80", requestid: "1" }));
  served.take(data(1, "nobody listens"));
  served.take(served.client.open(3, fields));
  expect(await served.settled()).toEqual(["1 reply 0", "3 reply 0", "3 type 3"]);
  served.take(reset(1));
  expect(served.ports).toEqual([]);
});
