import { beforeEach, expect, test } from "bun:test";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { Attempt, type ConnectError, connectTcp } from "./connect.ts";
import { listen } from "./listener.ts";
import type { TcpStream } from "./tcp-stream.ts";

const onFault = (error: Error): void => {
  throw error;
};

/** What connected and was accepted before has had its turn. */
beforeEach(async () => {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
});

const connect = (port: number, over: Partial<Parameters<typeof connectTcp>[0]> = {}) =>
  new Promise<TcpStream | ConnectError>((resolve) => {
    const options = {
      ip: "127.0.0.1",
      port,
      timeoutMs: 3000,
      clock: systemClock,
      onFault,
      ...over,
    };
    connectTcp(options, { onConnected: resolve, onFailed: resolve });
  });

test("connectTcp() connects, from the local address that is asked for", async () => {
  const peers: string[] = [];
  const listener = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) => peers.push(`${stream.remoteAddress}`),
    onFault,
  );
  const stream = (await connect(listener.port, {
    local: { ip: "127.0.0.1", port: 0 },
  })) as TcpStream;
  expect([stream.remotePort, stream.localAddress]).toEqual([listener.port, "127.0.0.1"]);
  stream.destroy();
  listener.stop();
  expect(peers).toEqual(["127.0.0.1"]);
});

test("connectTcp() makes each socket where it is to be, also those whose turn comes later", async () => {
  const all = Promise.withResolvers<void>();
  let accepted = 0;
  const accept = (): void => {
    accepted++;
    if (accepted === 39) all.resolve();
  };
  const listener = listen({ ip: "127.0.0.1", port: 0 }, accept, onFault);
  let entered = 0;
  const within = (open: () => void): void => {
    entered++;
    // Nobody can connect without what is done here.
    if (entered !== 40) open();
  };
  const begun = Array.from({ length: 40 }, () => connect(listener.port, { within }));
  const streams = await Promise.all(begun.slice(0, -1));
  await all.promise;
  for (const stream of streams) (stream as TcpStream).destroy();
  listener.stop();
  const never = Promise.resolve("not opened");
  expect(await Promise.race([begun[39], never])).toBe("not opened");
  expect(entered).toBe(40);
});

test("connectTcp() says that a connection is refused", async () => {
  expect(await connect(1)).toMatchObject({ code: "refused" });
});

test("connectTcp() gives up at its deadline, and ends what comes too late", async () => {
  const clock = new FakeClock();
  const closed = Promise.withResolvers<void>();
  const listener = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) => {
      stream.handler = {
        onData: () => undefined,
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => closed.resolve(),
      };
    },
    onFault,
  );
  const late = connect(listener.port, { clock, timeoutMs: 10 });
  clock.advance(10);
  expect(await late).toMatchObject({ code: "timeout" });
  await closed.promise;
  listener.stop();
});

test("an attempt has a time for each of its steps, and none once it is settled", () => {
  const clock = new FakeClock();
  const failed: string[] = [];
  const options = { ip: "10.0.0.1", port: 80, timeoutMs: 1000, clock, onFault };
  const attempt = new Attempt(options, ({ code }) => failed.push(code));
  clock.advance(999);
  attempt.goOn(5000);
  clock.advance(4999);
  expect(failed).toEqual([]);
  clock.advance(1);
  expect([failed, attempt.settle()]).toEqual([["timeout"], false]);
  const settled = new Attempt(options, ({ code }) => failed.push(code));
  expect(settled.settle()).toBe(true);
  settled.goOn(1);
  expect(clock.nextMs).toBeUndefined();
});
