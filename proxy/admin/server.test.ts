import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { SimpleFields, SimpleWriter } from "#lib/http-io/simple.ts";
import { LogStreams, STREAMS_LIMIT } from "#lib/log/log-streams.ts";
import { type AdminSource, answerAdmin } from "./server.ts";

const source = (over: Partial<AdminSource> = {}): AdminSource => ({
  ready: true,
  metrics: () => "# EOF\n",
  variables: { A: "1" },
  logFilter: "info",
  setLogFilter: (filter) => (filter === "bad" ? "unknown level" : undefined),
  streams: new LogStreams(),
  shutdown: undefined,
  ...over,
});

interface Asked {
  readonly method?: string;
  readonly query?: string;
  readonly clientIp?: string;
  readonly authority?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What is answered. */
function ask(path: string, over: Asked = {}, from = source()) {
  const { method = "GET", query, clientIp = "127.0.0.1", headers = {}, body = "" } = over;
  const { authority = "localhost:4191" } = over;
  let answered = { status: 0, fields: {} as SimpleFields, body: "" as Uint8Array | string };
  const head = {
    ...{ method, scheme: "", authority, version: "HTTP/1.1" as const, protocol: "" },
    path: query === undefined ? path : `${path}?${query}`,
    headers: HeaderList.of(...Object.entries(headers)),
  };
  const respond = (status: number, fields: SimpleFields, text: Uint8Array | string): void => {
    answered = { status, fields, body: text };
  };
  const stream = (status: number, fields: SimpleFields): SimpleWriter => {
    answered = { status, fields, body: "followed" };
    return { write: () => undefined, end: () => undefined, onClose: () => undefined };
  };
  const given = { head, path, clientIp, body: new TextEncoder().encode(body) };
  answerAdmin({ ...given, respond, stream }, from);
  return answered;
}

test("ADMIN1, ADMIN2, ADMIN8: answerAdmin() serves metrics, readiness and liveness, else 404", () => {
  expect(ask("/metrics")).toEqual({
    status: 200,
    body: "# EOF\n",
    fields: { "content-type": "text/plain" },
  });
  const zipped = ask("/metrics", { headers: { "accept-encoding": "deflate, gzip" } });
  expect(zipped.fields).toEqual({ "content-type": "text/plain", "content-encoding": "gzip" });
  expect(Buffer.from(Bun.gunzipSync(Buffer.from(zipped.body))).toString()).toBe("# EOF\n");
  expect(ask("/ready")).toMatchObject({ status: 200, body: "ready\n" });
  expect(ask("/ready", {}, source({ ready: false }))).toMatchObject({
    status: 503,
    body: "not ready\n",
  });
  expect(ask("/live")).toMatchObject({ status: 200, body: "live\n" });
  expect(ask("/x")).toMatchObject({ status: 404 });
});

test("ADMIN3: answerAdmin() shows the environment", () => {
  expect(ask("/env.json").body).toBe('{"A":"1"}');
  expect(ask("/env.json", { query: "A&B" }).body).toBe('{"A":"1","B":null}');
  expect(ask("/env.json", { query: "A=1" })).toMatchObject({ status: 400 });
  expect(ask("/env.json", { method: "POST" })).toMatchObject({ status: 405 });
  expect(ask("/env.json", { headers: { accept: "text/html" } })).toMatchObject({
    status: 406,
  });
});

test("ADMIN4, P54: answerAdmin() changes the log level, from loopback only", () => {
  const path = "/proxy-log-level";
  expect(ask(path).body).toBe("info");
  expect(ask(path, { method: "PUT", body: "debug" })).toMatchObject({ status: 204 });
  expect(ask(path, { method: "PUT", body: "bad" })).toMatchObject({
    status: 400,
    body: "unknown level",
  });
  expect(ask(path, { method: "POST" })).toMatchObject({ status: 405 });
  expect(ask(path, { clientIp: "10.0.0.1" })).toMatchObject({ status: 403 });
});

test("ADMIN6: answerAdmin() shuts down where enabled", () => {
  const calls: string[] = [];
  const enabled = source({ shutdown: () => calls.push("shutdown") });
  const post = { method: "POST" };
  expect(ask("/shutdown", {}, enabled)).toMatchObject({ status: 405 });
  expect(ask("/shutdown", { ...post, clientIp: "10.0.0.1" }, enabled)).toMatchObject({
    status: 403,
  });
  expect(ask("/shutdown", post)).toMatchObject({ status: 404 });
  expect(ask("/shutdown", post, enabled)).toMatchObject({ status: 200, body: "shutdown\n" });
  expect(calls).toEqual(["shutdown"]);
});

test.each([
  ["localhost:4191", {}, 200],
  ["LOCALHOST.", {}, 200],
  ["127.0.0.1:4191", {}, 200],
  ["[::1]:4191", {}, 200],
  ["", {}, 200],
  ["evil.example", {}, 403],
  ["localhost.evil.example:4191", {}, 403],
  ["a@localhost", {}, 403],
  ["localhost:4191", { origin: "http://evil.example" }, 403],
  ["localhost:4191", { origin: "null" }, 403],
])("K3: who asks %p with %p on loopback gets %i", (authority, headers, status) => {
  const asked = { authority, headers };
  const shutdown = { ...asked, method: "POST" };
  expect(ask("/proxy-log-level", asked).status).toBe(status);
  expect(ask("/logs.json", { ...asked, query: "info" }).status).toBe(status);
  expect(ask("/shutdown", shutdown, source({ shutdown: () => 0 })).status).toBe(status);
});

test("ADMIN5: answerAdmin() gives the log to loopback alone, by a filter in the query or the body", () => {
  const path = "/logs.json";
  expect(ask(path, { query: "linkerd=debug" })).toMatchObject({ status: 200, body: "followed" });
  expect(ask(path, { method: "QUERY", body: "info" })).toMatchObject({ status: 200 });
  for (const asked of [{}, { query: "linkerd=loud" }, { method: "QUERY", body: "x" }])
    expect(ask(path, asked)).toMatchObject({
      status: 400,
      body: expect.stringContaining("status"),
    });
  const post = ask(path, { method: "POST", body: "info" });
  expect([post.status, post.fields["allow"]]).toEqual([405, "GET, QUERY"]);
  const html = { accept: "text/html" };
  expect(ask(path, { query: "info", headers: html })).toMatchObject({ status: 406 });
  expect(ask(path, { query: "info", clientIp: "10.0.0.1" })).toMatchObject({ status: 403 });
  const busy = source();
  for (let i = 0; i < STREAMS_LIMIT; i++) ask(path, { query: "info" }, busy);
  expect(ask(path, { query: "info" }, busy)).toMatchObject({ status: 500 });
});
