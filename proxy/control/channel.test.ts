import { expect, test } from "bun:test";
import { frameMessage } from "#lib/grpc/framing.ts";
import { type CallHandler, createGrpcHandler } from "#lib/grpc/server.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { listen } from "#lib/net/listener.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { ControlChannel } from "./channel.ts";

/** A channel to a service of one method. */
function channelTo(handler: CallHandler) {
  const methods = createGrpcHandler(new Map([["/a/Watch", handler]]));
  const listener = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) => serveHttp2(stream, methods, { now: () => performance.now() }),
    (error) => {
      throw error;
    },
  );
  const log = new RecordedLog();
  const channel = new ControlChannel({
    ...{ clock: systemClock, random: Math.random, log: log.logger, connectTimeoutMs: 1000 },
    addr: { host: "127.0.0.1", port: listener.port, name: undefined },
    backoff: { minMs: 1, maxMs: 5, jitter: 0 },
    resolve: async (host) => [host],
    credentials: () => undefined,
  });
  const stop = (): void => {
    channel.drain();
    listener.stop();
  };
  return { channel, log, stop };
}

test("a message that cannot be read ends its stream alone, which is opened again", async () => {
  let calls = 0;
  let other: (() => void) | undefined;
  const { channel, log, stop } = channelTo((call) => {
    const [name] = call.request;
    if (name === 1) call.send(frameMessage(Uint8Array.of(++calls)));
    else other = () => call.send(frameMessage(Uint8Array.of(9)));
    call.onCancel = () => undefined;
  });
  const good = Promise.withResolvers<number | undefined>();
  const aside = Promise.withResolvers<number | undefined>();
  const path = "/a/Watch";
  const final = new Set<number>();
  const watches = [
    channel.watch({
      ...{ path, final, request: Uint8Array.of(2) },
      onMessage: ([value]) => aside.resolve(value),
    }),
    channel.watch({
      ...{ path, final, request: Uint8Array.of(1) },
      onMessage: ([value]) => {
        if (value !== 3) throw new RangeError("is no message");
        good.resolve(value);
      },
    }),
  ];
  expect(await good.promise).toBe(3);
  other?.();
  expect(await aside.promise).toBe(9);
  expect(log.lines.filter((line) => line.includes("is no message"))).toHaveLength(2);
  for (const watch of watches) watch.cancel();
  stop();
});
