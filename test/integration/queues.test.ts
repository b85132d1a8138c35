import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { type AddressInfo, createServer, type Server } from "node:net";
import type { FakeBackend } from "../fake/control-plane.ts";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";
import {
  first,
  METADATA,
  OutboundBed,
  type PolicyMessage,
  policyOf,
} from "../fake/outbound-bed.ts";
import { PassingClock } from "../fake/passing-clock.ts";
import { stuckPort } from "../fake/stuck-port.ts";

const P = "LINKERD2_PROXY_";
const clock = new PassingClock();
const bed = new OutboundBed(clock);
const servers: Server[] = [];

beforeAll(() => bed.start());
afterAll(async () => {
  await bed.stop();
  for (const server of servers) server.close();
});

const listening = async (server: Server): Promise<number> => {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await until(
    () => server.listening,
    () => "the server does not listen",
  );
  return (server.address() as AddressInfo).port;
};

const queued =
  (capacity: number, failfastMs: number) =>
  (backend: FakeBackend): PolicyMessage => {
    const seconds = Math.floor(failfastMs / 1000);
    const failfastTimeout = {
      seconds: BigInt(seconds),
      nanos: (failfastMs - seconds * 1000) * 1_000_000,
    };
    const waiting = { ...backend, queue: { capacity, failfastTimeout } };
    const rules = [{ backends: first({ backend: waiting }) }];
    return policyOf({ case: "http1", value: { routes: [{ metadata: METADATA, rules }] } });
  };

test("P32, P39, P40, ERR5, ERR6: a Service without a usable endpoint lets so many wait, for so long, and then nobody", async () => {
  const service = bed.service(queued(2, 20_000));
  const calls = [bed.call(service), bed.call(service), bed.call(service)];
  const shed = await Promise.race(calls);
  expect([shed.status, shed.headers.get("l5d-proxy-error")]).toEqual([503, "queue is full"]);
  expect((await bed.call(service)).status).toBe(503);
  await clock.pass(20_000);
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([503, 504, 504]);
  const late = await bed.call(service);
  expect([late.status, late.headers.get("l5d-proxy-error")]).toEqual([504, "service in fail-fast"]);
  // Something is ready again.
  const app = await bed.app((_, response) => void response.end("there"));
  bed.mesh.control.announce(service.path, [{ addr: app }]);
  await until(
    async () => (await bed.call(service)).status === 200,
    () => "it fails on",
  );
});

test("P32: an endpoint is connected to when it is wanted, and after a failure not before its back-off, and then by itself", async () => {
  const at: number[] = [];
  const port = await listening(
    createServer((socket) => {
      at.push(performance.now());
      socket.destroy();
    }),
  );
  const service = bed.service(queued(100, 900));
  // It does not speak TLS, so that each attempt is seen, and fails.
  bed.mesh.control.announce(service.path, [{ addr: `127.0.0.1:${port}`, identity: "server.test" }]);
  await bed.call(bed.service(queued(100, 1)));
  expect(at).toHaveLength(0);
  expect((await bed.call(service)).status).toBe(504);
  const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  expect(gaps).toHaveLength(3);
  for (const [failure, gap] of gaps.entries())
    expect(gap).toBeGreaterThan(100 * 2 ** failure * 0.9);
  // It is looked for on and on, and meanwhile nobody waits again.
  await until(
    () => at.length === 5,
    () => `${at.length} attempts`,
  );
  const late = await bed.call(service);
  expect([late.status, late.headers.get("l5d-proxy-error")]).toEqual([504, "service in fail-fast"]);
  expect(at).toHaveLength(5);
});

/** A request over HTTP/2; its status. */
const ask = (session: ClientHttp2Session): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const stream = session.request({ ":path": "/" });
    stream.on("response", (head) => resolve(head[":status"])).on("error", reject);
    stream.end();
  });

test("P39, P40, ERR5, ERR6: an application that never is ready lets so many requests wait, for so long, and then nobody", async () => {
  const time = new PassingClock();
  const mesh = new FakeMesh(time);
  const stuck = await stuckPort();
  const pod: FakePod = await mesh.start("server.test", {
    [`${P}INBOUND_HTTP_QUEUE_CAPACITY`]: "2",
    [`${P}INBOUND_HTTP_FAILFAST_TIMEOUT`]: "20s",
    [`${P}INBOUND_CONNECT_TIMEOUT`]: "1h",
  });
  pod.target = { ip: "127.0.0.1", port: stuck.port };
  const session = connectHttp2(`http://127.0.0.1:${pod.proxy.inboundPort}`);
  session.on("error", () => undefined);
  const waiting = [ask(session), ask(session)];
  expect(await ask(session)).toBe(503);
  await time.pass(20_000);
  expect(await Promise.all(waiting)).toEqual([504, 504]);
  expect(await ask(session)).toBe(504);
  const counted = (error: string): Promise<number> =>
    mesh.metric(pod, "inbound_http_errors_total", `error="${error}"`);
  expect([await counted("failfast"), await counted("loadshed")]).toEqual([3, 1]);
  session.destroy();
  stuck.release();
  await mesh.stop();
});
