import { afterAll, beforeAll, expect, test } from "bun:test";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";
import { WaitingApp } from "../fake/waiting-app.ts";

const mesh = new FakeMesh();
const app = new WaitingApp();
const { waiting } = app;
let client: FakePod;

beforeAll(async () => {
  client = await mesh.start("client.test", { LINKERD2_PROXY_OUTBOUND_MAX_IN_FLIGHT: "2" });
  client.target = await app.start();
});
afterAll(async () => {
  await mesh.stop();
  app.stop();
});

const call = (): Promise<Response> =>
  fetch(`http://127.0.0.1:${client.proxy.outboundPort}/`, { headers: { host: "web.test" } });

test("P5, ERR6, OUTBOUND_MAX_IN_FLIGHT: of more requests than may wait for an answer the rest gets 503 at once", async () => {
  const held = [call(), call()];
  await until(
    () => waiting.length === 2,
    () => "the application is not asked",
  );
  const refused = await call();
  expect([refused.status, refused.headers.get("l5d-proxy-error")]).toEqual([
    503,
    "too many requests are under way",
  ]);
  for (const response of waiting.splice(0)) response.end();
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
  const next = call();
  await until(
    () => waiting.length === 1,
    () => "there is no room again",
  );
  waiting[0]?.end();
  expect((await next).status).toBe(200);
});
