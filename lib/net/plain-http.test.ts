import { afterAll, expect, test } from "bun:test";
import { BODY_LIMIT_BYTES, servePlain } from "./plain-http.ts";

const server = servePlain({ ip: "127.0.0.1", port: 0 }, async (request) => ({
  status: 201,
  body: JSON.stringify([
    request.method,
    request.path,
    request.query,
    request.remoteIp,
    request.header("x-a"),
    await request.text(),
  ]),
  contentType: "application/json",
}));
afterAll(() => server.stop());
const url = `http://127.0.0.1:${server.port}`;

test("servePlain() hands on what a request says", async () => {
  const response = await fetch(`${url}/a?b=1`, {
    method: "POST",
    headers: { "x-a": "y" },
    body: "text",
  });
  expect([response.status, response.headers.get("content-type")]).toEqual([
    201,
    "application/json",
  ]);
  expect(await response.json()).toEqual(["POST", "/a", "b=1", "127.0.0.1", "y", "text"]);
});

test("servePlain() refuses a body over BODY_LIMIT_BYTES", async () => {
  const response = await fetch(url, { method: "POST", body: new Uint8Array(BODY_LIMIT_BYTES + 1) });
  expect(response.status).toBe(413);
});
