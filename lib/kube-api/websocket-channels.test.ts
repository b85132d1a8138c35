import { expect, test } from "bun:test";
import { encodeClose, encodeFrame, Opcode } from "#lib/http/websocket.ts";
import type { SimpleTunnel } from "#lib/http-io/simple.ts";
import { ServerWebSocket } from "./websocket-channels.ts";

const MASK = Uint8Array.of(1, 2, 3, 4);

function serve(): {
  readonly socket: ServerWebSocket;
  readonly tunnel: SimpleTunnel;
  readonly written: string[];
  readonly told: string[];
} {
  const written: string[] = [];
  const told: string[] = [];
  const tunnel: SimpleTunnel = {
    write: (chunk) => {
      written.push(Buffer.from(chunk).toString("hex"));
      return false;
    },
    end: () => void written.push("(end)"),
    pause: () => void written.push("(pause)"),
    resume: () => void written.push("(resume)"),
    onData: () => undefined,
    onEnd: () => undefined,
    onDrain: () => undefined,
  };
  const socket = new ServerWebSocket(tunnel, {
    onMessage: (bytes) => void told.push(Buffer.from(bytes).toString()),
    onDrain: () => void told.push("(drain)"),
    onClose: () => void told.push("(close)"),
  });
  return { socket, tunnel, written, told };
}

const frame = (opcode: number, payload: string | Uint8Array): Uint8Array =>
  encodeFrame({ opcode, payload: Buffer.from(payload as string), mask: MASK });

test("messages go both ways, pings are answered", () => {
  const { socket, tunnel, written, told } = serve();
  tunnel.onData(Buffer.concat([frame(Opcode.binary, "a"), frame(Opcode.text, "b")]));
  tunnel.onData(frame(Opcode.ping, "hi"));
  tunnel.onData(frame(Opcode.pong, "ho"));
  expect(socket.send(Buffer.from("c"))).toBe(false);
  tunnel.onDrain();
  socket.pause();
  socket.resume();
  expect(told).toEqual(["a", "b", "(drain)"]);
  expect(written).toEqual(["8a026869", "820163", "(pause)", "(resume)"]);
});

test.each([
  ["a bare close", frame(Opcode.close, ""), "880203e8"],
  ["a close with a code", frame(Opcode.close, encodeClose(1001, "bye")), "880203e9"],
])("%s is answered and told", (_, bytes, answer) => {
  const { socket, tunnel, written, told } = serve();
  tunnel.onData(bytes);
  tunnel.onData(frame(Opcode.binary, "late"));
  tunnel.onDrain();
  tunnel.onEnd();
  expect(socket.send(Buffer.from("late"))).toBe(true);
  expect([written, told]).toEqual([[answer, "(end)", "(resume)"], ["(close)"]]);
});

test("a client that is gone is told once", () => {
  const { tunnel, told } = serve();
  tunnel.onEnd();
  tunnel.onEnd();
  expect(told).toEqual(["(close)"]);
});

test("a frame without a mask is answered with what is wrong", () => {
  const { tunnel, written, told } = serve();
  tunnel.onData(encodeFrame({ opcode: Opcode.binary, payload: Buffer.from("a") }));
  const said = Buffer.from(written[0] ?? "", "hex");
  expect(said.readUInt16BE(2)).toBe(1002);
  expect(said.subarray(4).toString()).toBe("Cannot read WebSocket: a frame is not masked");
  expect(told).toEqual(["(close)"]);
});

test("after our own close nothing is told", () => {
  const { socket, tunnel, written, told } = serve();
  socket.close();
  socket.close();
  tunnel.onData(frame(Opcode.binary, "late"));
  tunnel.onEnd();
  expect([written, told]).toEqual([["880203e8", "(end)", "(resume)"], []]);
});
