import { afterEach, expect, test } from "bun:test";
import { type AddressInfo, createServer, type Server } from "node:net";
import type { Attacked } from "./attacker.ts";
import { main } from "./attacker.ts";

let server: Server | undefined;
afterEach(() => void server?.close());

/** A server that answers each connection once, and ends it. */
async function listen(answer: string): Promise<number> {
  const made = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => socket.end(answer));
    socket.resume();
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return (made.address() as AddressInfo).port;
}

async function attack(id: string, port: number, ms: number): Promise<Attacked> {
  let said = "";
  expect(
    await main(["attack", id, "127.0.0.1", String(port), String(ms)], (text) => {
      said += text;
    }),
  ).toBe(0);
  return JSON.parse(said) as Attacked;
}

test("an attack ends when all of its connections have ended, and tells how", async () => {
  const port = await listen("HTTP/1.1 414 URI Too Long\r\n\r\n");
  const { connections, endings } = await attack("A21", port, 60_000);
  expect(connections).toBe(200);
  expect(endings).toMatch(
    /^(414 closed ×\d+|closed ×\d+; 414 closed ×\d+|414 closed ×\d+; closed.*)$/,
  );
}, 20_000);

test("an attack whose connections are held ends with its time", async () => {
  const silent = createServer((socket) => socket.on("error", () => socket.destroy()).resume());
  server = silent;
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { endings } = await attack("A20", (silent.address() as AddressInfo).port, 100);
  expect(endings).toBe("silent, held ×256");
});

test("an attack that does not exist is refused", async () => {
  let said = "";
  expect(
    await main(["attack", "Z1"], (text) => {
      said = text;
    }),
  ).toBe(2);
  expect(said).toContain("Z1");
});
