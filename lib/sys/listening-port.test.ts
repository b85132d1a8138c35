import { expect, test } from "bun:test";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { findListener, isListenedOn } from "./listening-port.ts";

const row = (own: string, state: string): string =>
  `   0: ${own} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1\n`;

test.each([
  ["the port on some address", row("0100007F:1F90", "0A"), "yes"],
  ["the port on an IPv6 address", row("00000000000000000000000000000000:1F90", "0A"), "yes"],
  ["another port", row("0100007F:1F91", "0A"), "unknown"],
  ["a connection of the port", row("0100007F:1F90", "01"), "no"],
  ["the port after others", row("00000000:0050", "0A") + row("00000000:1F90", "0A"), "yes"],
  ["nothing but the titles", "  sl  local_address rem_address   st\n", "unknown"],
])("findListener: %s", (_, rows, found) => {
  expect(findListener(rows, 8080)).toBe(found as "yes");
});

test("findListener() tells whose listener it is", () => {
  const rows = row("00000000:1F90", "0A");
  expect(findListener(rows, 8080, { uid: 0 })).toBe("yes");
  expect(findListener(rows, 8080, { uid: 2102 })).toBe("unknown");
});

const portOf = (server: Server): number => (server.address() as { port: number }).port;

test.each(["127.0.0.1", "0.0.0.0", "::1", "::"])(
  "a port is listened on at %s until its listener is closed, whatever connections it has",
  async (host) => {
    const server = createServer().listen(0, host);
    await once(server, "listening");
    const port = portOf(server);
    expect(isListenedOn(port)).toBe(true);
    const accepted = once(server, "connection");
    const client = connect(port, host.includes(":") ? "::1" : "127.0.0.1");
    const [socket] = await accepted;
    server.close();
    expect(isListenedOn(port)).toBe(false);
    client.destroy();
    socket.destroy();
  },
);

test("a port is found behind more listeners than one read tells of", async () => {
  const servers = Array.from({ length: 60 }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  expect(servers.map((server) => isListenedOn(portOf(server)))).toEqual(servers.map(() => true));
  for (const server of servers) server.close();
});

test("isListenedOn() takes a table that is not there for nobody, and no table at all for untold", () => {
  const folder = mkdtempSync(`${tmpdir()}/net-`);
  const ask = (port: number): boolean[] =>
    [true, false].map((untold) => isListenedOn(port, { folder, untold }));
  try {
    expect([isListenedOn(8080, { folder }), ask(8080)]).toEqual([true, [true, false]]);
    writeFileSync(`${folder}/tcp`, row("00000000:1F90", "0A"));
    expect([ask(8080), ask(8081)]).toEqual([
      [true, true],
      [false, false],
    ]);
    // A table that cannot be read may have the row.
    mkdirSync(`${folder}/tcp6`);
    expect([ask(8080), ask(8081)]).toEqual([
      [true, true],
      [true, false],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
