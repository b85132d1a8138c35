/** Handshakes that go silent end on both sides. */

import { expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import type { Clock } from "#lib/time/clock.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import type { ConnectError } from "./connect.ts";
import { listen } from "./listener.ts";
import { acceptTls, connectTls, HANDSHAKE_LIMIT_MS, TlsCredentials, type TlsError } from "./tls.ts";

const authority = new FakeAuthority("root");
const { anchorsPem } = authority;
const none = new TlsCredentials({ keyPem: undefined, chainPem: undefined, anchorsPem });
const server = new TlsCredentials({ ...authority.issue("server.mesh"), anchorsPem });
const fault = (error: Error): void => {
  throw error;
};

/** Handshakes have next to no time by it. */
const hasty: Clock = {
  ...clock,
  after: (ms, wake) => clock.after(ms === HANDSHAKE_LIMIT_MS ? 10 : ms, wake),
};

test("connectTls() ends a connection on which its server says nothing", async () => {
  const ended = Promise.withResolvers<void>();
  const silent = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("close", () => ended.resolve());
    socket.resume();
  }).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const error = await new Promise<ConnectError>((resolve) => {
    const target = { ip: "127.0.0.1", port, timeoutMs: 3000, clock: hasty, onFault: fault };
    connectTls(
      { ...target, credentials: none, serverName: "a", alpn: [] },
      { onConnected: () => undefined, onFailed: resolve },
    );
  });
  expect(error.code).toBe("timeout");
  await ended.promise;
  silent.close();
});

test("acceptTls() ends a connection whose client begins a handshake and says no more", async () => {
  const failed = Promise.withResolvers<TlsError>();
  const door = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) => {
      stream.handler = {
        onData: (chunk) => {
          const how = { initial: chunk.slice(), credentials: server, alpn: [], onFault: fault };
          const observer = { onSession: () => undefined, onFailed: failed.resolve };
          acceptTls(stream, { ...how, clock: hasty }, observer);
        },
        ...{ onEnd: () => undefined, onDrain: () => undefined, onClose: () => undefined },
      };
    },
    fault,
  );
  const hello = await clientHello("server.mesh");
  const socket = connect(door.port, "127.0.0.1");
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.on("error", () => undefined);
  socket.resume();
  socket.write(hello);
  expect((await failed.promise).code).toBe("handshake");
  await closed;
  door.stop();
});

/** The first message of a client that wants this name. */
async function clientHello(name: string): Promise<Buffer> {
  const heard = Promise.withResolvers<Buffer>();
  const listening = createServer((socket) => socket.once("data", heard.resolve)).listen(
    0,
    "127.0.0.1",
  );
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  const socket = connectSecure({
    port,
    host: "127.0.0.1",
    servername: name,
    minVersion: "TLSv1.3",
  });
  socket.on("error", () => undefined);
  const hello = await heard.promise;
  socket.destroy();
  listening.close();
  return hello;
}

test("connectTls() ends a connection that opens after its time", async () => {
  const open = Promise.withResolvers<Socket>();
  const silent = createServer((socket) =>
    open.resolve(socket.on("error", () => undefined).resume()),
  );
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const over: Clock = {
    ...clock,
    after: (ms, wake) => {
      if (ms !== 3000) return clock.after(ms, wake);
      queueMicrotask(wake);
      return { cancel: () => undefined };
    },
  };
  const { port } = silent.address() as AddressInfo;
  connectTls(
    {
      ...{ ip: "127.0.0.1", port, timeoutMs: 3000, clock: over, onFault: fault },
      ...{ credentials: none, serverName: "a", alpn: [] },
    },
    { onConnected: () => undefined, onFailed: () => undefined },
  );
  const socket = await open.promise;
  if (!socket.closed) await new Promise((resolve) => socket.on("close", resolve));
  silent.close();
});
