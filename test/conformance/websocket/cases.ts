/** What a client and an echoing server of WebSocket do through the mesh: after 101 it is a tunnel of bytes. */

import { WebSocketClient } from "./peer.ts";

/** One case: it throws where something is not as without the proxies. */
export interface WebSocketCase {
  readonly name: string;
  run(url: string): Promise<void>;
}

type Client = InstanceType<typeof WebSocketClient>;
type Options = ConstructorParameters<typeof WebSocketClient>[2];

const SIZES: readonly number[] = [0, 1, 125, 126, 127, 65_535, 65_536, 1_048_576, 5_000_000];
const CLOSE_CODES: readonly number[] = [1000, 1001, 1003, 1007, 1008, 1011, 1013, 3000, 4999];
const LONGEST_REASON = "r".repeat(123);
const CLIENTS_AT_ONCE = 20;
const MANY = 1000;

/** Cases that `ws` on both sides is needed for. */
export const WS_CASES: readonly WebSocketCase[] = [
  ...SIZES.map((size) => echo(`binary message of ${size} bytes`, patterned(size))),
  ...SIZES.map((size) => echo(`text message of ${size} bytes`, "é".repeat(size / 2).padEnd(size))),
  ...SIZES.map((size) => fragments(size, { compress: false })),
  ...[1, 65_536, 1_048_576].map((size) => compressed(size)),
  ...[0, 1, 125].map((size) => ping(size)),
  ...CLOSE_CODES.map((code) => clientCloses(code, "going")),
  ...CLOSE_CODES.map((code) => serverCloses(code, "going")),
  clientCloses(1000, ""),
  clientCloses(4000, LONGEST_REASON),
  serverCloses(4000, LONGEST_REASON),
  {
    name: "pings between the fragments of a message",
    run: async (url) => {
      const client = await open(url);
      const pong = once(client, "pong");
      const message = once(client, "message");
      client.send("one ", { fin: false });
      client.ping("between");
      same((await pong)[0], "between");
      client.send("two", { fin: true });
      same((await message)[0], "one two");
      client.terminate();
    },
  },
  {
    name: "many small messages keep their order",
    run: async (url) => {
      const client = await open(url);
      const got: string[] = [];
      const all = new Promise<void>((resolve) => {
        client.on("message", (data) => {
          got.push(text(data));
          if (got.length === MANY) resolve();
        });
      });
      const sent = Array.from({ length: MANY }, (_, i) => `message ${i}`);
      for (const each of sent) client.send(each);
      await all;
      same(got.join(), sent.join());
      client.terminate();
    },
  },
  {
    name: "the server speaks first",
    run: async (url) => {
      const client = new WebSocketClient(`${url}/first`);
      same((await once(client, "message"))[0], "server speaks first");
      client.terminate();
    },
  },
  {
    name: "a connection that is dropped is seen as dropped",
    run: async (url) => {
      const client = new WebSocketClient(`${url}/terminate`);
      same((await once(client, "close"))[0], 1006);
    },
  },
  {
    name: "a refusal comes with its status",
    run: async (url) => {
      const client = new WebSocketClient(`${url}/refuse`);
      const [error] = await once(client, "error");
      same((error as Error).message, "Unexpected server response: 401");
    },
  },
  {
    name: "a subprotocol is agreed on",
    run: async (url) => {
      const client = await open(`${url}/protocol`, {}, ["a.v1", "b.v2"]);
      same(client.protocol, "b.v2");
      client.terminate();
    },
  },
  {
    name: `${CLIENTS_AT_ONCE} connections at once`,
    run: async (url) => {
      const all = Array.from({ length: CLIENTS_AT_ONCE }, (_, i) =>
        echo("one of many", patterned(100_000 + i)).run(url),
      );
      await Promise.all(all);
    },
  },
];

/** Cases for any server that echoes. */
export const ECHO_CASES: readonly WebSocketCase[] = SIZES.map((size) =>
  echo(`binary message of ${size} bytes`, patterned(size)),
);

/** Cases with the runtime's own client. */
export const BUN_CASES: readonly WebSocketCase[] = SIZES.map((size) => ({
  name: `the runtime's client: binary message of ${size} bytes`,
  run: async (url) => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const message = new Promise<MessageEvent>((resolve) =>
      socket.addEventListener("message", resolve),
    );
    socket.send(patterned(size));
    const { data } = await message;
    same(Buffer.from(data as ArrayBuffer).equals(patterned(size)), true);
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
    socket.close(4321, "enough");
    const { code } = await closed;
    same(code, 4321);
  },
}));

function echo(name: string, message: Buffer | string): WebSocketCase {
  return {
    name,
    run: async (url) => {
      const client = await open(url, { perMessageDeflate: false });
      const got = once(client, "message");
      client.send(message);
      const [data, binary] = await got;
      same(Buffer.from(data as Buffer).equals(Buffer.from(message as string)), true);
      same(binary, typeof message !== "string");
      client.terminate();
    },
  };
}

function fragments(size: number, options: { readonly compress: boolean }): WebSocketCase {
  return {
    name: `message of ${size} bytes in fragments`,
    run: async (url) => {
      const client = await open(url, { perMessageDeflate: options.compress });
      const message = patterned(size);
      const got = once(client, "message");
      const step = Math.max(1, Math.ceil(size / 7));
      for (let at = 0; at < size; at += step)
        client.send(message.subarray(at, at + step), { fin: false });
      client.send(Buffer.alloc(0), { fin: true });
      same((((await got)[0] as Buffer) ?? "").equals(message), true);
      client.terminate();
    },
  };
}

function compressed(size: number): WebSocketCase {
  const { run } = fragments(size, { compress: true });
  return {
    name: `message of ${size} bytes, compressed`,
    run: async (url) => {
      const client = await open(url);
      same(client.extensions.startsWith("permessage-deflate"), true);
      client.terminate();
      await run(url);
    },
  };
}

function ping(size: number): WebSocketCase {
  return {
    name: `ping of ${size} bytes`,
    run: async (url) => {
      const client = await open(url);
      const pong = once(client, "pong");
      client.ping(patterned(size));
      same(((await pong)[0] as Buffer).equals(patterned(size)), true);
      client.terminate();
    },
  };
}

function clientCloses(code: number, reason: string): WebSocketCase {
  return {
    name: `the client closes with ${code} and ${reason.length} bytes`,
    run: async (url) => {
      const client = await open(url);
      const closed = once(client, "close");
      client.close(code, reason);
      const [told, why] = await closed;
      same(`${told} ${text(why)}`, `${code} ${reason}`);
    },
  };
}

function serverCloses(code: number, reason: string): WebSocketCase {
  return {
    name: `the server closes with ${code} and ${reason.length} bytes`,
    run: async (url) => {
      const client = new WebSocketClient(`${url}/close/${code}/${reason}`);
      const [told, why] = await once(client, "close");
      same(`${told} ${text(why)}`, `${code} ${reason}`);
    },
  };
}

async function open(url: string, options: Options = {}, protocols: string[] = []): Promise<Client> {
  const client = new WebSocketClient(url, protocols, options);
  await once(client, "open");
  return client;
}

/** The arguments of an event; rejects with the client's error where that comes first. */
function once(client: Client, event: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    client.once(event, (...values: unknown[]) => resolve(values));
    if (event !== "error") client.once("error", reject);
  });
}

const text = (data: unknown): string => Buffer.from(data as Buffer).toString();

function same(found: unknown, expected: unknown): void {
  const [a, b] = [found, expected].map((value) => (value instanceof Buffer ? text(value) : value));
  if (a !== b)
    throw new Error(`expected ${String(b).slice(0, 80)}, found ${String(a).slice(0, 80)}`);
}

function patterned(size: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 7 + (i >> 8)) & 255;
  return bytes;
}
