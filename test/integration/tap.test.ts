import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import { connect as connectHttp2, createServer as createHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ObserveRequestSchema, type TapEvent, TapEventSchema } from "#lib/api/gen/proxy/tap_pb.ts";
import { callStreaming } from "#lib/grpc/client.ts";
import type { GrpcError } from "#lib/grpc/status.ts";
import { connectHttp2 as speakHttp2 } from "#lib/http-io/http2-client.ts";
import { connectTcp } from "#lib/net/connect.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { connectTls, TlsCredentials } from "#lib/net/tls.ts";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";
import { startPair } from "../fake/meshed-pair.ts";

const identity = (name: string): string =>
  `${name}.test.serviceaccount.identity.linkerd.cluster.local`;
const [SERVER, CLIENT, TAP] = [identity("server"), identity("client"), identity("tap")];
const OVER = {
  LINKERD2_PROXY_TAP_SVC_NAME: TAP,
  LINKERD2_PROXY_CONTROL_LISTEN_ADDR: "127.0.0.1:0",
};
const ALL = { match: { case: "all" as const, value: {} } };
const WITH_HEADERS = {
  extract: { case: "http" as const, value: { extract: { case: "headers" as const, value: {} } } },
};

const mesh = new FakeMesh();
let server: FakePod;
let client: FakePod;
let app: Server;

beforeAll(async () => {
  app = createServer((request, response) => {
    request.resume();
    response.setHeader("x-answer", "secret");
    if (request.url?.startsWith("/slow") === true) response.write("never done");
    else response.end("hello");
  }).listen(0, "127.0.0.1");
  ({ client, server } = await startPair(mesh, app, { server: SERVER, client: CLIENT, over: OVER }));
});

afterAll(async () => {
  await mesh.stop();
  app.closeAllConnections();
  app.close();
});

const call = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${client.proxy.outboundPort}${path}`, {
    keepalive: false,
    ...init,
    headers: { host: "web.test", authorization: "Bearer abc", ...init.headers },
  });

/** What somebody who looks is told. */
interface Looking {
  readonly events: TapEvent[];
  readonly end: Promise<GrpcError>;
  cancel(): void;
}

/** A connection to the tap server of a pod. */
function dial(pod: FakePod, who: string, serverName = pod.name): Promise<TcpStream> {
  const { authority } = mesh;
  const onFault = (error: Error): void => {
    throw error;
  };
  const to = { ip: "127.0.0.1", port: pod.proxy.tapPort ?? 0, timeoutMs: 5000, clock, onFault };
  return new Promise((resolve, reject) => {
    if (who === "") connectTcp(to, { onConnected: resolve, onFailed: reject });
    else {
      const { anchorsPem } = authority;
      const credentials = new TlsCredentials({ ...authority.issue(who), anchorsPem });
      connectTls(
        { ...to, credentials, serverName, alpn: [] },
        { onConnected: ({ stream }) => resolve(stream), onFailed: reject },
      );
    }
  });
}

async function observe(
  pod: FakePod,
  request: MessageInitShape<typeof ObserveRequestSchema>,
  who = TAP,
): Promise<Looking> {
  const events: TapEvent[] = [];
  const { promise: end, resolve } = Promise.withResolvers<GrpcError>();
  const observer = { onAvailable: () => undefined, onClosed: () => undefined };
  const connection = speakHttp2(await dial(pod, who), observer, { now: () => performance.now() });
  const target = { authority: "tap", path: "/io.linkerd.proxy.tap.Tap/Observe" };
  const message = toBinary(ObserveRequestSchema, create(ObserveRequestSchema, request));
  const cancel = callStreaming(connection, target, message, {
    onMessage: (bytes) => void events.push(fromBinary(TapEventSchema, bytes)),
    onEnd: resolve,
  });
  return {
    events,
    end,
    cancel: () => {
      cancel.cancel();
      connection.destroy();
    },
  };
}

/** Sends requests until the first is seen: looking begins with the call, of which nobody says that it has arrived. */
async function seen(looking: Looking, path: string, count: number): Promise<readonly TapEvent[]> {
  await until(
    async () => {
      if (looking.events.length < count) await (await call(path)).text();
      return looking.events.length >= count;
    },
    () => `only ${looking.events.length} events came`,
  );
  return looking.events;
}

const kinds = (events: readonly TapEvent[]): unknown[] =>
  events.map(({ event }) => event.value?.event.case);
const fieldsOf = (event: TapEvent | undefined): string[] => {
  const value = event?.event.value?.event.value;
  const headers = value !== undefined && "headers" in value ? value.headers?.headers : undefined;
  return (headers ?? []).map(
    ({ name, value: bytes }) => `${name}: ${Buffer.from(bytes).toString()}`,
  );
};

test("P55: both sides tell who sent a request, where it went, what it was and how it ended", async () => {
  const [out, into] = [
    await observe(client, { limit: 1, match: ALL }),
    await observe(server, { limit: 1, match: ALL }),
  ];
  await seen(out, "/a?query=1", 3);
  await seen(into, "/a?query=1", 3);
  expect([(await out.end).code, (await into.end).code]).toEqual([0, 0]);
  for (const { events } of [out, into]) {
    expect(kinds(events)).toEqual(["requestInit", "responseInit", "responseEnd"]);
    const [init, answer, end] = events.map(({ event }) => event.value?.event.value);
    expect(init).toMatchObject({ authority: "web.test", path: "/a" });
    expect(answer).toMatchObject({ httpStatus: 200 });
    expect(end).toMatchObject({ responseBytes: 5n });
    expect(events.map((event) => fieldsOf(event))).toEqual([[], [], []]);
  }
  expect(out.events[0]).toMatchObject({
    proxyDirection: 2,
    sourceMeta: { labels: { tls: "loopback" } },
    destinationMeta: { labels: { tls: "true", server_id: SERVER, pod: "fake", service: "fake" } },
  });
  expect(into.events[0]).toMatchObject({
    proxyDirection: 1,
    sourceMeta: { labels: { tls: "true", client_id: CLIENT } },
    destinationMeta: {
      labels: {
        tls: "loopback",
        srv_kind: "default",
        route_name: "default",
        authz_name: "localhost",
      },
    },
  });
  for (const each of [out, into]) each.cancel();
});

test("P55, K7: header fields are told to whom asks for them, as they are; bodies never", async () => {
  const looking = await observe(client, { limit: 1, match: ALL, extract: WITH_HEADERS });
  const [init, answer, end] = await seen(looking, "/b", 3);
  expect(fieldsOf(init)).toContain("authorization: Bearer abc");
  expect(fieldsOf(init)).toContain(":path: /b");
  expect(fieldsOf(answer)).toContain("x-answer: secret");
  expect(
    JSON.stringify([init, answer, end], (_, value) => (typeof value === "bigint" ? 0 : value)),
  ).not.toContain("hello");
  looking.cancel();
});

test("P55: no more requests than the limit, and only those that match", async () => {
  const match = {
    case: "http" as const,
    value: {
      match: {
        case: "path" as const,
        value: { match: { case: "prefix" as const, value: "/only" } },
      },
    },
  };
  const looking = await observe(client, { limit: 2, match: { match } });
  await seen(looking, "/only/1", 3);
  await (await call("/other")).text();
  await seen(looking, "/only/2", 6);
  await (await call("/only/3")).text();
  expect((await looking.end).code).toBe(0);
  const paths = looking.events.flatMap(({ event }) => {
    const each = event.value?.event;
    return each?.case === "requestInit" ? [each.value.path] : [];
  });
  expect(paths.length).toBe(2);
  expect(paths.every((path) => path.startsWith("/only/"))).toBe(true);
  looking.cancel();
});

test("P55: a request whose client goes away ends as well", async () => {
  const looking = await observe(client, { limit: 1, match: ALL });
  const controller = new AbortController();
  await until(
    async () => {
      if (looking.events.length < 2)
        (await call("/slow", { signal: controller.signal })).body?.getReader();
      return looking.events.length >= 2;
    },
    () => "nothing came",
  );
  controller.abort();
  expect((await looking.end).code).toBe(0);
  expect(kinds(looking.events)).toEqual(["requestInit", "responseInit", "responseEnd"]);
  looking.cancel();
});

test.each([
  ["no limit", { limit: 0, match: ALL }, "limit must be positive"],
  ["no match", { limit: 1 }, "missing required field"],
])("P55: a call with %s is INVALID_ARGUMENT", async (_, request, why) => {
  const looking = await observe(client, request);
  const { code, message } = await looking.end;
  expect([code, message]).toEqual([3, why]);
  looking.cancel();
});

test.each([
  ["another identity", SERVER],
  ["no TLS", ""],
])("P55, K6: %s is UNAUTHENTICATED", async (_, who) => {
  const looking = await observe(client, { limit: 1, match: ALL }, who);
  expect((await looking.end).code).toBe(16);
  expect(looking.events).toEqual([]);
  looking.cancel();
});

test("P55: TLS for another name is closed, and without TAP_SVC_NAME nothing listens", async () => {
  expect(dial(client, TAP, "other.test")).rejects.toThrow();
  const quiet = await mesh.start(identity("quiet"));
  expect(quiet.proxy.tapPort).toBeUndefined();
});

test("P55: a call's code is told", async () => {
  const grpc = createHttp2((_, response) => {
    const headers = { ":status": 200, "content-type": "application/grpc", "grpc-status": "7" };
    response.stream.respond(headers, { endStream: true });
  }).listen(0, "127.0.0.1");
  await until(
    () => grpc.listening,
    () => "the server does not listen",
  );
  const path = "grpc.test.svc.cluster.local:80";
  mesh.control.services.set("10.99.0.2:80", { path, opaque: false });
  mesh.control.announce(path, [{ addr: `127.0.0.1:${(grpc.address() as AddressInfo).port}` }]);
  const before = client.target;
  client.target = { ip: "10.99.0.2", port: 80 };
  const looking = await observe(client, { limit: 1, match: ALL });
  const session = connectHttp2(`http://127.0.0.1:${client.proxy.outboundPort}`);
  const headers = { ":method": "POST", ":path": "/a.B/C", "content-type": "application/grpc" };
  await until(
    async () => {
      if (looking.events.length >= 3) return true;
      const stream = session.request(headers);
      stream.resume();
      stream.end();
      await new Promise((resolve) => stream.on("close", resolve));
      return looking.events.length >= 3;
    },
    () => "nothing came",
  );
  expect(looking.events.at(2)?.event.value?.event.value).toMatchObject({
    eos: { end: { case: "grpcStatusCode", value: 7 } },
  });
  session.destroy();
  client.target = before;
  looking.cancel();
  grpc.close();
});
