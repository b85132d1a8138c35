import { expect, test } from "bun:test";
import { getsockopt, LibcBuffer, setsockopt } from "./libc.ts";

const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_RCVLOWAT = 18;

test("getsockopt() reads an option of a real socket, and says no on a bad descriptor", () => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const into = new LibcBuffer(4);
  const { fd } = server as unknown as { readonly fd: number };
  expect(getsockopt(fd, { level: SOL_SOCKET, name: SO_TYPE }, into)).toBe(true);
  expect(into.bytes[0]).toBe(1);
  expect(getsockopt(-1, { level: SOL_SOCKET, name: SO_TYPE }, into)).toBe(false);
  server.stop(true);
});

test("setsockopt() sets an option of a real socket, and says no on a bad descriptor", () => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const into = new LibcBuffer(4);
  const { fd } = server as unknown as { readonly fd: number };
  const lowWater = { level: SOL_SOCKET, name: SO_RCVLOWAT };
  expect(setsockopt(fd, lowWater, 0x00010203)).toBe(true);
  expect(getsockopt(fd, lowWater, into)).toBe(true);
  expect(new DataView(into.bytes.buffer).getInt32(0, true)).toBe(0x00010203);
  expect(setsockopt(-1, lowWater, 1)).toBe(false);
  server.stop(true);
});
