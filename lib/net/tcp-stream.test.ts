import { expect, test } from "bun:test";
import { BULK_CHUNK_BYTES } from "./bulk-turns.ts";
import { type BunSocket, DETACHED, socketHandlers, TcpStream } from "./tcp-stream.ts";

/** A socket that takes so many bytes a write, and records what is asked of it. */
function fakeSocket(takes: number[]) {
  const calls: string[] = [];
  const written: string[] = [];
  const socket = {
    remoteAddress: "::ffff:10.0.0.1",
    remotePort: 1234,
    localAddress: "10.0.0.2",
    localPort: 80,
    fd: 7,
    data: undefined,
    write: (bytes: Uint8Array) => {
      const taken = Math.min(takes.shift() ?? bytes.length, bytes.length);
      written.push(Buffer.from(bytes.subarray(0, taken)).toString());
      calls.push(`write ${taken}/${bytes.length}`);
      return taken;
    },
    shutdown: () => calls.push("shutdown"),
    terminate: () => calls.push("terminate"),
    pause: () => calls.push("pause"),
    resume: () => calls.push("resume"),
    setKeepAlive: (_: boolean, ms: number) => calls.push(`keepalive ${ms}`),
  };
  return { calls, written, socket: socket as unknown as BunSocket };
}

function open(takes: number[] = []) {
  const { calls, written, socket } = fakeSocket(takes);
  const stream = new TcpStream(socket);
  const events: string[] = [];
  stream.handler = {
    onData: (chunk) => events.push(`data ${chunk.length}`),
    onEnd: () => events.push("end"),
    onDrain: () => events.push("drain"),
    onClose: (error) => events.push(`close ${error?.message ?? ""}`),
  };
  return { calls, written, socket, stream, events };
}

const bytes = (length: number): Uint8Array => new Uint8Array(length);

test("TcpStream queues what the socket does not take, in order, and half-closes after it", () => {
  const { calls, stream, events } = open([3, 4, 0, 6, 2]);
  expect([stream.write(bytes(10)), stream.write(bytes(5)), stream.queuedBytes]).toEqual([
    false,
    false,
    12,
  ]);
  stream.drained();
  stream.drained();
  stream.end();
  stream.end();
  expect(stream.write(bytes(1))).toBe(true);
  stream.drained();
  stream.drained();
  expect(calls).toEqual([
    "write 3/10",
    "write 4/7",
    "write 0/3",
    "write 3/3",
    "write 2/5",
    "write 3/3",
    "shutdown",
  ]);
  expect(events).toEqual([]);
});

test("TcpStream keeps a copy of what waits, of a Buffer too", () => {
  const { written, stream } = open([0]);
  const chunk = Buffer.from("mine");
  stream.write(chunk);
  chunk.fill("x");
  stream.drained();
  expect(written.join("")).toBe("mine");
});

test("TcpStream tells when it has drained", () => {
  const { stream, events } = open([1]);
  stream.write(bytes(2));
  stream.drained();
  expect(events).toEqual(["drain"]);
});

test("TcpStream meters bytes and reports its end once", () => {
  const { stream, events, calls } = open();
  const met: string[] = [];
  stream.meter = {
    read: (count) => met.push(`read ${count}`),
    wrote: (count) => met.push(`wrote ${count}`),
    closed: (errno) => met.push(`closed ${errno}`),
  };
  stream.write(bytes(4));
  stream.received(bytes(9));
  stream.ended();
  stream.closed(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
  stream.closed(undefined);
  stream.destroy();
  expect(met).toEqual(["wrote 4", "read 9", "closed ECONNRESET"]);
  expect(stream.isClosed).toBe(true);
  expect(events).toEqual(["data 9", "end", "close reset"]);
  expect(calls).toEqual(["write 4/4"]);
  const plain = open();
  plain.stream.closed(new Error("odd"));
  expect(plain.events).toEqual(["close odd"]);
});

test("TcpStream passes on what it is told, and its addresses are not mapped", () => {
  const { stream, calls } = open([1]);
  stream.pause();
  stream.resume();
  stream.keepAlive(10_000);
  stream.write(bytes(2));
  stream.destroy();
  expect(calls).toEqual(["pause", "resume", "keepalive 10000", "write 1/2", "terminate"]);
  expect([stream.remoteAddress, stream.localAddress, stream.fd, stream.queuedBytes]).toEqual([
    "10.0.0.1",
    "10.0.0.2",
    7,
    0,
  ]);
});

test("a detached stream hears nothing more", () => {
  const { stream, socket, events } = open();
  expect(stream.detach()).toBe(socket);
  const handlers = socketHandlers(() => undefined);
  handlers.data(socket, bytes(1));
  handlers.end(socket);
  handlers.drain(socket);
  handlers.close(socket);
  expect([events, socket.data]).toEqual([[], DETACHED]);
});

test("a socket that is handed over does not wait for the turn of its stream", () => {
  const { calls, stream } = open();
  stream.holdBack();
  stream.detach();
  stream.goOn();
  expect(calls).toEqual(["pause", "resume"]);
});

test("an exception in a handler is reported and ends the connection", () => {
  const { socket, calls } = open();
  const faults: Error[] = [];
  socketHandlers((error) => faults.push(error)).error(socket, new Error("ours"));
  expect([faults[0]?.message, calls]).toEqual(["ours", ["terminate"]]);
});

test("a stream that waits for its turn reads again when its owner wants it too", () => {
  const { calls, stream } = open();
  stream.holdBack();
  stream.pause();
  stream.goOn();
  stream.resume();
  stream.pause();
  stream.holdBack();
  stream.resume();
  stream.goOn();
  stream.holdBack();
  stream.closed(undefined);
  stream.goOn();
  expect(calls).toEqual(["pause", "resume", "pause", "resume", "pause"]);
});

test("who moved much and waited for its peer waits for its turn as well", async () => {
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const [first, second] = [open(), open()];
  await turn();
  for (const { stream } of [first, second]) {
    stream.pause();
    stream.received(bytes(BULK_CHUNK_BYTES));
  }
  await turn();
  for (const { stream } of [first, second]) stream.resume();
  expect([first.calls, second.calls]).toEqual([["pause", "resume"], ["pause"]]);
  await turn();
  expect(second.calls).toEqual(["pause", "resume"]);
});

test("a large chunk is gone once it was handed on, a small one is not", () => {
  const { stream, events } = open();
  const chunks = [bytes(BULK_CHUNK_BYTES), bytes(BULK_CHUNK_BYTES - 1)];
  for (const chunk of chunks) stream.received(chunk);
  expect(events).toEqual([`data ${BULK_CHUNK_BYTES}`, `data ${BULK_CHUNK_BYTES - 1}`]);
  expect(chunks.map(({ length }) => length)).toEqual([0, BULK_CHUNK_BYTES - 1]);
});
