import { expect, test } from "bun:test";
import type { PlainRequest } from "#lib/net/plain-http.ts";
import { type AdminSource, answerAdmin } from "./server.ts";

const source = (over: Partial<AdminSource> = {}): AdminSource => ({
  ready: true,
  metrics: () => "# EOF\n",
  variables: { A: "1" },
  logFilter: "info",
  setLogFilter: (filter) => (filter === "bad" ? "unknown level" : undefined),
  shutdown: undefined,
  ...over,
});

const ask = (
  path: string,
  over: Partial<PlainRequest> & {
    readonly headers?: Record<string, string>;
    readonly body?: string;
  } = {},
  from = source(),
) =>
  answerAdmin(
    {
      method: "GET",
      path,
      query: "",
      remoteIp: "127.0.0.1",
      header: (name) => over.headers?.[name],
      text: () => Promise.resolve(over.body ?? ""),
      ...over,
    },
    from,
  );

test("ADMIN1, ADMIN2, ADMIN8: answerAdmin() serves metrics, readiness and liveness, else 404", async () => {
  expect(await ask("/metrics")).toEqual({
    status: 200,
    body: "# EOF\n",
    contentType: "text/plain",
  });
  expect(await ask("/ready")).toMatchObject({ status: 200, body: "ready\n" });
  expect(await ask("/ready", {}, source({ ready: false }))).toMatchObject({
    status: 503,
    body: "not ready\n",
  });
  expect(await ask("/live")).toMatchObject({ status: 200, body: "live\n" });
  expect(await ask("/x")).toMatchObject({ status: 404 });
});

test("ADMIN3: answerAdmin() shows the environment", async () => {
  expect((await ask("/env.json")).body).toBe('{"A":"1"}');
  expect((await ask("/env.json", { query: "A&B" })).body).toBe('{"A":"1","B":null}');
  expect(await ask("/env.json", { query: "A=1" })).toMatchObject({ status: 400 });
  expect(await ask("/env.json", { method: "POST" })).toMatchObject({ status: 405 });
  expect(await ask("/env.json", { headers: { accept: "text/html" } })).toMatchObject({
    status: 406,
  });
});

test("ADMIN4, P54: answerAdmin() changes the log level, from loopback only", async () => {
  const path = "/proxy-log-level";
  expect((await ask(path)).body).toBe("info");
  expect(await ask(path, { method: "PUT", body: "debug" })).toMatchObject({ status: 204 });
  expect(await ask(path, { method: "PUT", body: "bad" })).toMatchObject({
    status: 400,
    body: "unknown level",
  });
  expect(await ask(path, { method: "POST" })).toMatchObject({ status: 405 });
  expect(await ask(path, { remoteIp: "10.0.0.1" })).toMatchObject({ status: 403 });
});

test("ADMIN6: answerAdmin() shuts down where enabled", async () => {
  const calls: string[] = [];
  const enabled = source({ shutdown: () => calls.push("shutdown") });
  const post = { method: "POST" };
  expect(await ask("/shutdown", {}, enabled)).toMatchObject({ status: 405 });
  expect(await ask("/shutdown", { ...post, remoteIp: "10.0.0.1" }, enabled)).toMatchObject({
    status: 403,
  });
  expect(await ask("/shutdown", post)).toMatchObject({ status: 404 });
  expect(await ask("/shutdown", post, enabled)).toMatchObject({ status: 200, body: "shutdown\n" });
  expect(calls).toEqual(["shutdown"]);
});
