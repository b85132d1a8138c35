import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { encodeFrame, Opcode, WebSocketReader } from "#lib/http/websocket.ts";
import { forwardPort } from "#lib/k8s/port-forward.ts";
import { PODS } from "#lib/k8s/resource.ts";
import type { PodPort } from "#lib/kube-api/node-api.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";
import { FakeNode } from "../../test/fake/node-api.ts";
import { control, data, SpdyClient } from "../../test/fake/spdy-client.ts";
import { ChannelClient } from "../../test/fake/websocket-client.ts";

const PATH = "/api/v1/namespaces/mesh/pods/p/portforward";
const HANDSHAKE = {
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-protocol": "v4.channel.k8s.io",
};
const V4 = ["v4.channel.k8s.io"];

let fake: FakeKubeApi;
let node: FakeNode;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
  await fake.admin.create(PODS, {
    metadata: { name: "p", namespace: "mesh" },
    spec: { containers: [{ name: "c", image: "i" }] },
  } as never);
});
beforeEach(() => {
  node = new FakeNode();
  fake.api.setNode(node);
});
afterAll(() => fake.stop());

/** A program in the pod: it answers each chunk with the port and the chunk, and ends after `bye`. */
function serve(port: number): ByteStream {
  const pair = new FakePair();
  const { a: program, b: stream } = pair;
  program.handler = {
    onData: (chunk) => {
      program.write(Buffer.from(`${port}:${Buffer.from(chunk)}`));
      if (Buffer.from(chunk).toString() === "bye") program.end();
    },
    onEnd: () => program.end(),
    onDrain: () => undefined,
    onClose: () => undefined,
  };
  const write = stream.write.bind(stream);
  stream.write = (bytes) => {
    write(bytes);
    void pair.run();
    return true;
  };
  const end = stream.end.bind(stream);
  stream.end = () => {
    end();
    void pair.run();
  };
  return stream;
}

/** What a client sends to say `bye` to port 80. */
function forwarding(spdy: SpdyClient): Uint8Array[] {
  const fields = { port: "80", requestid: "0" };
  return [
    spdy.open(1, { streamtype: "error", ...fields }, { end: true }),
    spdy.open(3, { streamtype: "data", ...fields }),
    data(3, "bye", "end"),
  ];
}

test("our own client reaches a port", async () => {
  const asked: PodPort[] = [];
  node.connect = async (to) => {
    asked.push(to);
    return serve(to.port);
  };
  const access = {
    server: fake.url,
    ca: fake.authority.anchorsPem,
    token: (): string => "admin",
  };
  const stream = await forwardPort(access, { namespace: "mesh", pod: "p", port: 8086 });
  const { promise, resolve } = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<Error | undefined>();
  stream.handler = {
    onData: (chunk) => resolve(Buffer.from(chunk).toString()),
    onEnd: () => undefined,
    onDrain: () => undefined,
    onClose: closed.resolve,
  };
  stream.write(Buffer.from("bye"));
  expect(await promise).toBe("8086:bye");
  expect(await closed.promise).toBeUndefined();
  expect(asked).toEqual([{ namespace: "mesh", pod: "p", port: 8086 }]);
});

test("every port has two channels that begin with it", async () => {
  node.connect = async ({ port }) => serve(port);
  const client = await ChannelClient.open(fake, `${PATH}?ports=258,80&ports=81`, V4);
  client.send(2, "hi");
  expect((await client.until(2, (bytes) => bytes.length > 2)).toString()).toBe("P\0" + "80:hi");
  expect([...client.of(0)]).toEqual([2, 1]);
  expect([...client.of(5)]).toEqual([81, 0]);
  client.send(0, "bye");
  client.send(9, "nobody");
  client.send(1, "nobody");
  expect((await client.until(0, (bytes) => bytes.length > 5)).subarray(2).toString()).toBe(
    "258:bye",
  );
  client.socket.close();
  expect(await client.closed).toStartWith("1000");
});

test("a port that cannot be reached is told on its error channel", async () => {
  const client = await ChannelClient.open(fake, `${PATH}?ports=80`, V4);
  expect(await client.closed).toBe("1000 ");
  expect(client.of(1).subarray(2).toString()).toBe("connection refused");
  expect(client.of(0).length).toBe(2);
});

/** Asks for an upgrade and hands on what comes after the head of the answer; the head is what it resolves with. */
async function upgrade(
  method: string,
  headers: Readonly<Record<string, string>>,
  onData: (chunk: Buffer) => void,
): Promise<{
  readonly head: string;
  readonly write: (bytes: Uint8Array) => void;
  readonly end: () => void;
}> {
  const answered = Promise.withResolvers<string>();
  let head: string | undefined;
  const fields = { host: "k", authorization: "Bearer admin", connection: "Upgrade", ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = await Bun.connect({
    hostname: "localhost",
    port: Number(new URL(fake.url).port),
    tls: { ca: fake.authority.anchorsPem },
    socket: {
      handshake: (secure) =>
        void secure.write(`${method} ${PATH} HTTP/1.1\r\n${lines.join("")}\r\n`),
      data: (_, chunk) => {
        if (head !== undefined) onData(chunk);
        else {
          head = chunk.toString("latin1");
          answered.resolve(head);
        }
      },
    },
  });
  return {
    head: await answered.promise,
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
  };
}

const SAID = ["1 reply 0", "3 reply 0", "3 80:bye", "3 end", "1 end"];

test("current kubectl's SPDY goes inside a WebSocket, whose close ends it", async () => {
  node.connect = async ({ port }) => serve(port);
  const spdy = new SpdyClient();
  const told: string[] = [];
  const ended = Promise.withResolvers<void>();
  const left = Promise.withResolvers<number>();
  const reader = new WebSocketReader(
    {
      onMessage: (bytes) => {
        told.push(...spdy.read(bytes));
        if (told.length === SAID.length) ended.resolve();
      },
      onPing: () => undefined,
      onPong: () => undefined,
      onClose: left.resolve,
    },
    { masked: false, messageBytes: 1 << 20 },
  );
  const protocol = "SPDY/3.1+portforward.k8s.io";
  const headers = { ...HANDSHAKE, "sec-websocket-protocol": protocol };
  const socket = await upgrade("GET", headers, (chunk) => reader.take(chunk));
  expect(socket.head).toContain(`sec-websocket-protocol: ${protocol}`);
  const mask = Uint8Array.of(1, 2, 3, 4);
  for (const payload of forwarding(spdy))
    socket.write(encodeFrame({ opcode: Opcode.binary, payload, mask }));
  await ended.promise;
  expect(told).toEqual(SAID);
  socket.write(encodeFrame({ opcode: Opcode.close, payload: new Uint8Array(0), mask }));
  expect(await left.promise).toBe(1000);
  socket.end();
});

test("older kubectl's SPDY goes alone", async () => {
  node.connect = async ({ port }) => serve(port);
  const spdy = new SpdyClient();
  const told: string[] = [];
  const ended = Promise.withResolvers<void>();
  const headers = {
    "content-length": "0",
    upgrade: "SPDY/3.1",
    "x-stream-protocol-version": "portforward.k8s.io",
  };
  const socket = await upgrade("POST", headers, (chunk) => {
    told.push(...spdy.read(chunk));
    if (told.length === SAID.length) ended.resolve();
  });
  expect(socket.head).toStartWith("HTTP/1.1 101 ");
  expect(socket.head).toContain("x-stream-protocol-version: portforward.k8s.io");
  for (const frame of forwarding(spdy)) socket.write(frame);
  await ended.promise;
  expect(told).toEqual(SAID);
  socket.write(control(7, Buffer.alloc(8)));
  socket.end();
});

test.each([{}, { connection: "Upgrade", upgrade: "h2c" }])(
  "a request with %j is refused",
  async (headers) => {
    const answer = await fake.ask(PATH, { headers });
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining("Upgrade request required"),
    ]);
  },
);

test.each([
  ["", "is required"],
  ["?ports=x", "as a port"],
  ["?ports=0", "unable to parse"],
  ["?ports=65536", "unable to parse"],
])("ports %p are refused", async (query, message) => {
  const answer = await fake.ask(`${PATH}${query}`, {
    headers: { ...HANDSHAKE, connection: "Upgrade" },
  });
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(message)]);
});
