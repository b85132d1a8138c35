/** The admin port: metrics, readiness, log level, shutdown (ADMIN1 to ADMIN8). */

import { isLoopback } from "#lib/addr/ip.ts";
import type { SimpleRequest } from "#lib/http-io/simple.ts";

/** What the admin port asks of the proxy. */
export interface AdminSource {
  readonly ready: boolean;
  metrics(): string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly logFilter: string;
  /** What is wrong with the filter; undefined where it was taken. */
  setLogFilter(filter: string): string | undefined;
  /** Undefined where the endpoint is not enabled. */
  readonly shutdown: (() => void) | undefined;
}

/** A request, and who makes it. */
export interface AdminRequest extends Pick<SimpleRequest, "head" | "path" | "body" | "respond"> {
  readonly clientIp: string;
}

const PLAIN = { "content-type": "text/plain" };

/** Answers a request. */
export function answerAdmin(request: AdminRequest, source: AdminSource): void {
  switch (request.path) {
    case "/metrics":
      answerMetrics(request, source);
      break;
    case "/ready":
      answer(request, source.ready ? 200 : 503, source.ready ? "ready\n" : "not ready\n");
      break;
    case "/live":
      answer(request, 200, "live\n");
      break;
    case "/env.json":
      answerEnv(request, source.variables);
      break;
    case "/proxy-log-level":
      answerLogLevel(request, source);
      break;
    case "/shutdown":
      answerShutdown(request, source);
      break;
    default:
      answer(request, 404, "");
  }
}

const answer = (request: AdminRequest, status: number, body: string): void =>
  request.respond(status, PLAIN, body);

function answerMetrics(request: AdminRequest, source: AdminSource): void {
  const page = source.metrics();
  if (request.head.headers.get("accept-encoding")?.includes("gzip") === true)
    request.respond(200, { ...PLAIN, "content-encoding": "gzip" }, Bun.gzipSync(page));
  else answer(request, 200, page);
}

function answerEnv(request: AdminRequest, variables: AdminSource["variables"]): void {
  const json = (status: number, value: unknown): void =>
    request.respond(status, { "content-type": "application/json" }, JSON.stringify(value));
  const { method, headers, path } = request.head;
  const query = path.slice(request.path.length + 1);
  const accept = headers.get("accept") ?? "*/*";
  if (method !== "GET") answer(request, 405, "");
  else if (!/\*\/\*|application\/(\*|json)/.test(accept)) answer(request, 406, "");
  else if (query.includes("="))
    json(400, { error: "query parameters have no values", status: 400 });
  else if (query === "") json(200, variables);
  else
    json(200, Object.fromEntries(query.split("&").map((name) => [name, variables[name] ?? null])));
}

function answerLogLevel(request: AdminRequest, source: AdminSource): void {
  const { method } = request.head;
  if (!isLoopback(request.clientIp)) answer(request, 403, "");
  else if (method === "GET") answer(request, 200, source.logFilter);
  else if (method !== "PUT") answer(request, 405, "");
  else {
    const wrong = source.setLogFilter(new TextDecoder().decode(request.body).trim());
    answer(request, wrong === undefined ? 204 : 400, wrong ?? "");
  }
}

function answerShutdown(request: AdminRequest, { shutdown }: AdminSource): void {
  if (request.head.method !== "POST") answer(request, 405, "");
  else if (!isLoopback(request.clientIp)) answer(request, 403, "");
  else if (shutdown === undefined) answer(request, 404, "");
  else {
    answer(request, 200, "shutdown\n");
    shutdown();
  }
}
