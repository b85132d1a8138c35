import { expect, test } from "bun:test";
import { connectTcp } from "#lib/net/connect.ts";
import { listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { getsockopt, LibcBuffer } from "#lib/sys/libc.ts";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { setUserTimeout } from "./user-timeout.ts";

const onFault = (error: Error): void => {
  throw error;
};

test("P43: setUserTimeout() sets what the kernel keeps, and nothing where nothing is said", async () => {
  const listener = listen({ ip: "127.0.0.1", port: 0 }, () => undefined, onFault);
  const target = { ip: "127.0.0.1", port: listener.port, timeoutMs: 3000, clock, onFault };
  const stream = await new Promise<TcpStream>((onConnected, onFailed) =>
    connectTcp(target, { onConnected, onFailed }),
  );
  const into = new LibcBuffer(4);
  const read = (): number => {
    expect(getsockopt(stream.fd, { level: 6, name: 18 }, into)).toBe(true);
    return new DataView(into.bytes.buffer).getInt32(0, true);
  };
  expect([setUserTimeout(stream, undefined), read()]).toEqual([false, 0]);
  expect([setUserTimeout(stream, 30_000), read()]).toEqual([true, 30_000]);
  expect(setUserTimeout({ fd: -1 }, 30_000)).toBe(false);
  stream.destroy();
  listener.stop();
});
