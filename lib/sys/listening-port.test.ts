import { expect, test } from "bun:test";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { SysError } from "./libc.ts";
import { isListenedOn, Listeners, listenedPorts, listenersIn } from "./listening-port.ts";

const row = (own: string, state: string): string =>
  `   0: ${own} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  2102        0 1\n`;
const [EIGHTY, ALT, NEXT] = [80, 8080, 8081].map((port) => ({ port, uid: 2102 }));

test.each([
  ["a port on some address", row("0100007F:1F90", "0A"), [ALT], false],
  ["on an IPv6 address", row("00000000000000000000000000000000:1F91", "0A"), [NEXT], false],
  ["a connection of the port", row("0100007F:1F90", "01"), [], true],
  ["two", row("00000000:0050", "0A") + row("00000000:1F90", "0A"), [EIGHTY, ALT], false],
  ["and a connection", row("00000000:0050", "0A") + row("00000000:1F90", "06"), [EIGHTY], true],
  ["nothing but the titles", "  sl  local_address rem_address   st\n", [], false],
])("listenersIn(): %s", (_, rows, found, isLast) => {
  expect<unknown>(listenersIn(rows)).toEqual({ found, isLast });
});

const NETLINK = new Listeners();
const TABLES = new Listeners({
  ask: () => {
    throw new SysError("make socket", 93);
  },
});
const WAYS = [
  ["netlink", NETLINK],
  ["the tables", TABLES],
] as const;

const portOf = (server: Server): number => (server.address() as { port: number }).port;
const HOSTS = ["127.0.0.1", "0.0.0.0", "::1", "::"];

test.each(HOSTS.flatMap((host) => WAYS.map(([way, listeners]) => [host, way, listeners] as const)))(
  "a port is listened on at %s until its listener is closed, whatever connections it has, by %s",
  async (host, _, listeners) => {
    const server = createServer().listen(0, host);
    await once(server, "listening");
    const port = portOf(server);
    const ask = (): unknown[] => [
      isListenedOn(port, { listeners }),
      listenedPorts(listeners)?.has(port),
    ];
    expect(ask()).toEqual([true, true]);
    const accepted = once(server, "connection");
    const client = connect(port, host.includes(":") ? "::1" : "127.0.0.1");
    const [socket] = await accepted;
    server.close();
    expect(ask()).toEqual([false, false]);
    client.destroy();
    socket.destroy();
  },
);

test.each(WAYS)(
  "a port is listened on by its own user and by nobody else, by %s",
  async (_, listeners) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const uid = process.geteuid?.() ?? 0;
    const ask = (of: number): boolean => isListenedOn(portOf(server), { uid: of, listeners });
    expect([ask(uid), ask(uid + 1)]).toEqual([true, false]);
    server.close();
  },
);

test.each(WAYS)(
  "a port is found among more than one read tells of, by %s",
  async (_, listeners) => {
    const servers = Array.from({ length: 60 }, () => createServer().listen(0, "127.0.0.1"));
    await Promise.all(servers.map((server) => once(server, "listening")));
    const ports = servers.map(portOf);
    const known = listenedPorts(listeners);
    expect(
      ports.filter((port) => !(isListenedOn(port, { listeners }) && known?.has(port))),
    ).toEqual([]);
    for (const server of servers) server.close();
  },
);

test("a table that is not there is taken for nobody, and no table at all for untold", () => {
  const folder = mkdtempSync(`${tmpdir()}/net-`);
  const listeners = new Listeners({
    folder,
    ask: () => {
      throw new SysError("ask who listens", 2);
    },
  });
  const ask = (port: number): boolean[] =>
    [true, false].map((untold) => isListenedOn(port, { listeners, untold }));
  try {
    expect([isListenedOn(8080, { listeners }), ask(8080)]).toEqual([true, [true, false]]);
    expect(listenedPorts(listeners)).toBeUndefined();
    writeFileSync(`${folder}/tcp`, row("00000000:1F90", "0A") + row("00000000:0050", "01"));
    expect([ask(8080), ask(8081)]).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(listenedPorts(listeners)).toEqual(new Set([8080]));
    // A table that cannot be read may have the row.
    mkdirSync(`${folder}/tcp6`);
    expect([ask(8080), ask(8081)]).toEqual([
      [true, true],
      [true, false],
    ]);
    expect(listenedPorts(listeners)).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ["cannot answer is asked once", new SysError("ask who listens", 2), 1],
  ["may not answer is asked once", new SysError("make socket", 1), 1],
  ["failed once is asked again", new SysError("receive message", 11), 2],
  ["says what cannot be read is asked again", new Error("Cannot read listeners"), 2],
])("Listeners: a kernel that %s", (_, error, asked) => {
  let asks = 0;
  const listeners = new Listeners({
    ask: () => {
      asks++;
      throw error;
    },
  });
  expect([1, 2].map(() => listenedPorts(listeners) !== undefined)).toEqual([true, true]);
  expect(asks).toBe(asked);
});
