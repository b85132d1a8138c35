import { afterAll, beforeAll, expect, test } from "bun:test";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";
import { WaitingApp } from "../fake/waiting-app.ts";

const mesh = new FakeMesh();
const app = new WaitingApp();
const { waiting } = app;
let pod: FakePod;

beforeAll(async () => {
  pod = await mesh.start("web.test", { LINKERD2_PROXY_INBOUND_MAX_IN_FLIGHT: "1" });
  pod.target = await app.start();
});
afterAll(async () => {
  await mesh.stop();
  app.stop();
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
