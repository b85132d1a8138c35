import { expect, test } from "bun:test";
import { Registry } from "#lib/metrics/registry.ts";
import type { ByteStreamHandler } from "#lib/net/byte-stream.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { type DefaultPolicyName, defaultServerPolicy } from "../policy/default-policy.ts";
import { ErrorMetrics } from "../telemetry/error-metrics.ts";
import { Relays } from "../transport/relay.ts";
import type { GatewayObserver } from "./gateway.ts";
import { forwardOpaque } from "./opaque.ts";
import { PortPolicy } from "./ports.ts";

const policy = (name: DefaultPolicyName) =>
  defaultServerPolicy(name, { clusterNetworks: [], opaque: true, detectTimeoutMs: 1 });

/** A connection as the runtime has it: its handler hears of the end while `destroy` runs. */
class Stream {
  handler: Partial<ByteStreamHandler> = {};
  readonly remoteAddress = "192.0.2.9";
  isClosed = false;
  pause(): void {}
  resume(): void {}
  end(): void {}
  write = (): boolean => true;
  destroy(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.handler.onClose?.(undefined);
  }
}

/** A connection that goes on from a gateway, as far as `connected`. */
function setup(name: DefaultPolicyName) {
  const log = new RecordedLog();
  const errors = new ErrorMetrics(new Registry());
  const port = new PortPolicy(4143, policy(name));
  const [client, upstream] = [new Stream(), new Stream()];
  const relays = new Relays();
  let observer: GatewayObserver | undefined;
  let over = 0;
  forwardOpaque(client as unknown as TcpStream, new Uint8Array(0), {
    ...{
      runtime: { log: log.logger, errors, relays } as never,
      applications: undefined as never,
    },
    ...{ target: { ip: "10.0.0.1", port: 4143 }, caller: undefined, port },
    tls: { type: "identity", name: "web.ns" },
    ended: false,
    session: { connect: (asked: GatewayObserver) => (observer = asked) } as never,
    onAllowed: () => undefined,
    onFailed: () => undefined,
  });
  const connected = (): void =>
    observer?.onConnected(upstream as unknown as TcpStream, () => void over++);
  const refused = (): void => observer?.onRefused("failfast");
  return { client, upstream, port, log, relays, connected, refused, over: () => over };
}

test("P57: a connection that is being dialled is waited for, until it is there or refused", () => {
  const there = setup("all-unauthenticated");
  expect(there.relays.size).toBe(1);
  there.connected();
  expect(there.relays.size).toBe(1);
  there.client.destroy();
  there.upstream.destroy();
  const refused = setup("all-unauthenticated");
  refused.refused();
  expect([there.relays.size, refused.relays.size]).toEqual([0, 0]);
});

test("P28, P46: a connection that is denied while it is dialled leaves nothing behind at its gateway", () => {
  const { client, upstream, port, connected, over } = setup("all-unauthenticated");
  port.set(policy("deny"));
  connected();
  expect([client.isClosed, upstream.isClosed, over(), port.followers.size]).toEqual([
    ...[true, true, 1, 0],
  ]);
});

test("P46: a connection under way goes on for as long as policy lets it", () => {
  const { client, port, connected, over } = setup("all-unauthenticated");
  connected();
  port.set(policy("all-authenticated"));
  expect([client.isClosed, over()]).toEqual([false, 0]);
  port.set(policy("deny"));
  expect([client.isClosed, over(), port.followers.size]).toEqual([true, 1, 0]);
});

test("P46: a connection that is denied, now or later, is said in the log", () => {
  const who = /192\.0\.2\.9.*web\.ns.*deny.*4143/;
  const denied = setup("deny");
  expect([denied.client.isClosed, denied.log.lines]).toEqual([
    true,
    [expect.stringMatching(new RegExp(`Connection denied.*${who.source}`))],
  ]);
  const { port, connected, log } = setup("all-unauthenticated");
  connected();
  port.set(policy("deny"));
  expect(log.lines).toEqual([
    expect.stringMatching(new RegExp(`Connection terminated due to policy change.*${who.source}`)),
  ]);
});

test("P46, INB8: what is let in by audit alone is said in the log", () => {
  expect(setup("audit").log.lines).toEqual([
    expect.stringMatching(/Connection allowed by audit.*192\.0\.2\.9.*web\.ns.*audit.*4143/),
  ]);
  expect(setup("all-unauthenticated").log.lines).toEqual([]);
});
