import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  connect as connectHttp2,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { connect } from "node:net";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";
import { startPair } from "../fake/meshed-pair.ts";

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";
const mesh = new FakeMesh();
let client: FakePod;
let app: Http2Server;

beforeAll(async () => {
  app = createServer();
  app.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  app.listen(0, "127.0.0.1");
  ({ client } = await startPair(mesh, app, { server: SERVER, client: "client.test" }));
});
afterAll(async () => {
  await mesh.stop();
  app.close();
});

test("P13: a stream is full duplex through both proxies, for as long as either side likes", async () => {
  const session = connectHttp2(`http://127.0.0.1:${client.proxy.outboundPort}`);
  session.on("error", () => undefined);
  const stream = session.request({ ":method": "POST", ":path": "/" }, { endStream: false });
  let seen = "";
  let ended = false;
  stream.on("data", (chunk) => {
    seen += String(chunk);
  });
  stream.on("end", () => {
    ended = true;
  });
  for (const word of ["one ", "two ", "three"]) {
    stream.write(word);
    await until(
      () => seen.endsWith(word),
      () => `only "${seen}" came back`,
    );
    expect(ended).toBe(false);
  }
  stream.end();
  await until(
    () => ended,
    () => "the answer does not end",
  );
  expect(seen).toBe("one two three");
  session.destroy();
});

/** The frames that a server sends first: type, stream and payload. */
async function firstFrames(port: number): Promise<readonly (readonly [number, number, string])[]> {
  const socket = connect(port, "127.0.0.1");
  let bytes = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
  });
  socket.on("error", () => undefined);
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(Buffer.from("000000040000000000", "hex"));
  const frames: [number, number, string][] = [];
  await until(
    () => {
      frames.length = 0;
      for (let at = 0; at + 9 <= bytes.length; ) {
        const length = bytes.readUIntBE(at, 3);
        if (at + 9 + length > bytes.length) break;
        const payload = bytes.subarray(at + 9, at + 9 + length).toString("hex");
        frames.push([bytes[at + 3] ?? -1, bytes.readUInt32BE(at + 5), payload]);
        at += 9 + length;
      }
      return frames.some(([type]) => type === 4) && frames.some(([type]) => type === 8);
    },
    () => bytes.toString("hex"),
  );
  socket.destroy();
  return frames;
}

test("P13: servers grant 65,535 bytes a stream and 1 MiB a connection", async () => {
  const frames = await firstFrames(client.proxy.outboundPort);
  const [, , settings = ""] = frames.find(([type]) => type === 4) ?? [];
  const entries = settings.match(/.{12}/g) ?? [];
  const window = entries.find((entry) => entry.startsWith("0004"))?.slice(4);
  expect(window === undefined ? 65_535 : Number.parseInt(window, 16)).toBe(65_535);
  const [, stream, increment = ""] = frames.find(([type]) => type === 8) ?? [];
  expect([stream, 65_535 + Number.parseInt(increment, 16)]).toEqual([0, 1_048_576]);
});
