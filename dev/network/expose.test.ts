import { afterEach, expect, test } from "bun:test";
import type { Service } from "#lib/k8s/types/core.ts";
import type { ByteStreamHandler } from "#lib/net/byte-stream.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeInformer } from "../../test/fake/informer.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { type Exposed, exposeServices } from "./expose.ts";

const closing: { stop(): void }[] = [];
afterEach(() => {
  for (const each of closing.splice(0)) each.stop();
});

/** Follows one Service of these ports, whose address is the loopback itself. */
function expose(...ports: number[]): { services: FakeInformer<Service>; exposed: Exposed } {
  const services = new FakeInformer<Service>(service(...ports));
  const { logger } = new RecordedLog();
  const netns = "/proc/thread-self/ns/net";
  const exposed = exposeServices({ services, netns, clock: systemClock, logger });
  closing.push(exposed);
  return { services, exposed };
}

function service(...ports: number[]): Service {
  return {
    metadata: { name: "web", namespace: "a" },
    spec: {
      type: "LoadBalancer",
      clusterIP: "127.0.0.1",
      ports: ports.map((port) => ({ port })),
    },
  };
}

const IGNORE: ByteStreamHandler = {
  onData: () => undefined,
  onEnd: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

/** The Service's server: what it accepts is handled as given. */
function serve(handle: (stream: TcpStream) => Partial<ByteStreamHandler>): Listener {
  const accept = (stream: TcpStream): void => {
    stream.handler = { ...IGNORE, ...handle(stream) };
  };
  const listener = listen({ ip: "127.0.0.1", port: 0 }, accept, () => undefined);
  closing.push(listener);
  return listener;
}

/** A client of a port on the loopback. */
function connect(port: number, handler: Partial<ByteStreamHandler> = {}): Promise<TcpStream> {
  const { promise, resolve, reject } = Promise.withResolvers<TcpStream>();
  const where = { ip: "127.0.0.1", port, timeoutMs: 2_000, clock: systemClock, onFault: reject };
  connectTcp(where, {
    onConnected: (stream) => {
      stream.handler = { ...IGNORE, ...handler };
      resolve(stream);
    },
    onFailed: reject,
  });
  return promise;
}

const localPort = (exposed: Exposed): number => exposed.list()[0]?.local ?? 0;

test("bytes go both ways, and each end may end by itself", async () => {
  // The server answers only when the client has ended: without half-close nobody would.
  const server = serve((stream) => {
    let text = "";
    return {
      onData: (chunk) => {
        text += Buffer.from(chunk).toString();
      },
      onEnd: () => {
        stream.write(Buffer.from(text.toUpperCase()));
        stream.end();
      },
    };
  });
  const { exposed } = expose(server.port);
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  const client = await connect(localPort(exposed), {
    onData: (chunk) => {
      text += Buffer.from(chunk).toString();
    },
    // One that has ended itself hears of the other's end as the close.
    onClose: () => resolve(text),
  });
  client.write(Buffer.from("hello"));
  client.end();
  expect(await promise).toBe("HELLO");
});

test("more than buffers hold goes through, at the reader's pace", async () => {
  const length = 8 * 1024 * 1024;
  const server = serve((stream) => ({
    onData: () => {
      stream.write(new Uint8Array(length));
      stream.end();
    },
  }));
  const { exposed } = expose(server.port);
  const { promise, resolve } = Promise.withResolvers<number>();
  let received = 0;
  const client = await connect(localPort(exposed), {
    onData: (chunk) => {
      received += chunk.length;
    },
    onEnd: () => resolve(received),
  });
  client.write(Buffer.from("go"));
  client.pause();
  setImmediate(() => client.resume());
  expect(await promise).toBe(length);
});

test("the end of one side is the end of the other", async () => {
  const ended = Promise.withResolvers<void>();
  const accepted = Promise.withResolvers<void>();
  const server = serve(() => ({
    onData: () => accepted.resolve(),
    onEnd: () => ended.resolve(),
    onClose: () => ended.resolve(),
  }));
  const { exposed } = expose(server.port);
  const client = await connect(localPort(exposed));
  client.write(Buffer.from("x"));
  await accepted.promise;
  client.destroy();
  await ended.promise;
});

test("a client of a Service without a server is closed", async () => {
  const server = serve(() => ({}));
  const { exposed } = expose(server.port);
  server.stop();
  const closed = Promise.withResolvers<void>();
  await connect(localPort(exposed), { onClose: () => closed.resolve() });
  await closed.promise;
});

test("a port that is taken gets another; the list follows the Service", () => {
  const [one, two] = [serve(() => ({})), serve(() => ({}))];
  const { exposed, services } = expose(one.port);
  expect(exposed.list()).toMatchObject([{ service: "a/web", port: one.port }]);
  expect(localPort(exposed)).not.toBe(one.port);
  const before = localPort(exposed);
  services.put(service(one.port, two.port));
  expect(exposed.list().map(({ port }) => port)).toEqual([one.port, two.port]);
  expect(localPort(exposed)).toBe(before);
  services.put(service(two.port));
  expect(exposed.list().map(({ port }) => port)).toEqual([two.port]);
  services.put({ ...service(two.port), spec: { type: "ClusterIP", ports: [] } });
  expect(exposed.list()).toEqual([]);
});

test("ports of a Service that is deleted, or that are not TCP, are not shown", () => {
  const { exposed, services } = expose(1);
  services.put({
    metadata: { name: "dns", namespace: "a" },
    spec: {
      ...{ type: "LoadBalancer", clusterIP: "127.0.0.1" },
      ports: [{ port: 53, protocol: "UDP" }],
    },
  });
  expect(exposed.list().map((each) => each.service)).toEqual(["a/web"]);
  services.drop({ name: "web", namespace: "a" });
  expect(exposed.list()).toEqual([]);
});

test("a free port keeps its number", () => {
  const probe = listen(
    { ip: "127.0.0.1", port: 0 },
    () => undefined,
    () => undefined,
  );
  probe.stop();
  const { exposed } = expose(probe.port);
  expect(localPort(exposed)).toBe(probe.port);
});
