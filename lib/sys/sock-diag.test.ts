import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { inNetns } from "./netns.ts";
import { type Listener, listenersByNetlink, listenRequest, readPart } from "./sock-diag.ts";

const root = process.getuid?.() === 0;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("listenRequest() dumps those who listen by TCP, of one family, on one port", () => {
  const header = "48000000 1400 0103 00000000 00000000";
  const wanted = `${header} 0a 06 00 00 00040000 1f90 0000${"00".repeat(44)}`;
  expect(hex(listenRequest(10, 8080))).toBe(wanted.replaceAll(" ", ""));
});

const zeros = (count: number): string => "00".repeat(count);
/** One who listens on 8080, of uid 2102, with two bytes of an attribute and its padding. */
const LISTENER = `5a000000 1400 0200 ${zeros(8)} 020a0000 1f90 ${zeros(58)} 36080000 ${zeros(4)} abcd 0000`;
const DONE = `14000000 0300 0200 ${zeros(8)} 00000000`;
const refusal = (type: string, errno: string): string =>
  `24000000 ${type} 0000 ${zeros(8)} ${errno} ${zeros(16)}`;
const ENOENT = "feffffff";

function read(text: string, length?: number): { isLast: boolean; found: Listener[] } {
  const found: Listener[] = [];
  const bytes = Buffer.from(text.replaceAll(" ", ""), "hex").subarray(0, length);
  return { isLast: readPart(bytes, found), found };
}

const FOUND = { port: 8080, uid: 2102 };

test.each([
  ["one, with more to come", LISTENER, false, [FOUND]],
  ["two and the end", LISTENER + LISTENER + DONE, true, [FOUND, FOUND]],
  ["the end alone", DONE, true, []],
  ["an end that says no errno", `10000000 0300 0200 ${zeros(8)}`, true, []],
  ["another message", `14000000 0100 0200 ${zeros(12)}${LISTENER}`, false, [FOUND]],
  ["nothing", "", false, []],
])("readPart(): %s", (_, text, isLast, found) => {
  expect(read(text)).toEqual({ isLast, found });
});

test.each([
  ["an error", refusal("0200", ENOENT)],
  ["an end with an error", refusal("0300", ENOENT)],
])("readPart() throws the kernel's refusal: %s", (_, text) => {
  expect(() => read(LISTENER + text)).toThrow("Cannot ask who listens: ENOENT");
});

test("readPart() throws what is cut off, wherever it is", () => {
  const bytes = 0x5a;
  for (let length = 1; length < bytes; length++)
    expect(() => read(LISTENER, length)).toThrow("Cannot read listeners: a message is cut off");
  expect(read(LISTENER, bytes).found).toEqual([FOUND]);
  expect(() => read(`0f000000 1400 0200 ${zeros(8)}`)).toThrow("a message is cut off");
});

const listen = (hostname: string): Bun.TCPSocketListener<undefined> =>
  Bun.listen({ hostname, port: 0, socket: { data: () => undefined } });

test("listenersByNetlink() reads an answer of many parts, and leaves no descriptor open", () => {
  const servers = Array.from({ length: 300 }, (_, at) => listen(at % 2 ? "::1" : "127.0.0.1"));
  const before = readdirSync("/proc/self/fd").length;
  const ports = new Set(listenersByNetlink().map(({ port }) => port));
  expect(servers.filter(({ port }) => !ports.has(port))).toEqual([]);
  expect(readdirSync("/proc/self/fd").length).toBe(before);
  for (const server of servers) server.stop();
});

test("listenersByNetlink() tells of the port that is named, and whose it is", () => {
  const [server, other] = [listen("127.0.0.1"), listen("127.0.0.1")];
  const { port } = server;
  expect(listenersByNetlink(port)).toEqual([{ port, uid: process.geteuid?.() ?? 0 }]);
  server.stop();
  expect(listenersByNetlink(port)).toEqual([]);
  other.stop();
});

function listenAs(uid: number): Bun.TCPSocketListener<undefined> {
  process.seteuid?.(uid);
  try {
    return listen("127.0.0.1");
  } finally {
    process.seteuid?.(0);
  }
}

test.skipIf(!root)("listenersByNetlink() tells of another user's listener (needs root)", () => {
  const server = listenAs(2102);
  const { port } = server;
  expect(listenersByNetlink(port)).toEqual([{ port, uid: 2102 }]);
  server.stop();
});

test.skipIf(!root || Bun.which("unshare") === null)(
  "listenersByNetlink() asks the namespace that this thread is in (needs root)",
  async () => {
    const server = listen("127.0.0.1");
    const { port } = server;
    const pod = Bun.spawn(["unshare", "--net", "sh", "-c", "echo there; read end"], {
      ...{ stdin: "pipe", stdout: "pipe" },
    });
    await pod.stdout.getReader().read();
    const ask = (): number => listenersByNetlink(port).length;
    expect([inNetns(`/proc/${pod.pid}/ns/net`, ask), ask()]).toEqual([0, 1]);
    await pod.stdin.end();
    await pod.exited;
    server.stop();
  },
);
