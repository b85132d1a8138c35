import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const mesh = new FakeMesh();
const waiting: ServerResponse[] = [];
let pod: FakePod;
let app: Server;

beforeAll(async () => {
  app = createServer((_, response) => void waiting.push(response)).listen(0, "127.0.0.1");
  await until(
    () => app.listening,
    () => "the application does not listen",
  );
  pod = await mesh.start("web.test", { LINKERD2_PROXY_INBOUND_MAX_IN_FLIGHT: "1" });
  pod.target = { ip: "127.0.0.1", port: (app.address() as AddressInfo).port };
});
afterAll(async () => {
  await mesh.stop();
  app.closeAllConnections();
  app.close();
});

const statusOf = async (port: number, path: string): Promise<number> =>
  (await fetch(`http://127.0.0.1:${port}${path}`)).status;

test("ADMIN2, P5: probes and metrics are answered while the application's requests are as many as may be", async () => {
  const { adminPort, inboundPort } = pod.proxy;
  const held = statusOf(inboundPort, "/");
  await until(
    () => waiting.length === 1,
    () => "the application is not asked",
  );
  expect(await statusOf(inboundPort, "/")).toBe(503);
  for (const path of ["/live", "/ready", "/metrics"])
    expect([path, await statusOf(adminPort, path)]).toEqual([path, 200]);
  waiting[0]?.end();
  expect(await held).toBe(200);
});
