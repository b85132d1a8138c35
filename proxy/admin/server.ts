/** The admin port: metrics, readiness, log level, shutdown (ADMIN1 to ADMIN8). */

import { parseAuthority } from "#lib/addr/authority.ts";
import { isIp, isLoopback } from "#lib/addr/ip.ts";
import type { SimpleRequest } from "#lib/http-io/simple.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import type { LogStreams } from "#lib/log/log-streams.ts";

/** What the admin port asks of the proxy. */
export interface AdminSource {
  readonly ready: boolean;
  metrics(): string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly logFilter: string;
  /** What is wrong with the filter; undefined where it was taken. */
  setLogFilter(filter: string): string | undefined;
  readonly streams: LogStreams;
  /** Undefined where the endpoint is not enabled. */
  readonly shutdown: (() => void) | undefined;
}

/** A request, and who makes it. */
export interface AdminRequest
  extends Pick<SimpleRequest, "head" | "path" | "body" | "respond" | "stream"> {
  readonly clientIp: string;
}

const PLAIN = { "content-type": "text/plain" };
const JSON_TYPE = { "content-type": "application/json" };

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
    case "/logs.json":
      answerLogs(request, source);
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

const answerJson = (request: AdminRequest, status: number, value: unknown): void =>
  request.respond(status, JSON_TYPE, JSON.stringify(value));

/** Whether the client takes JSON, if it says what it takes. */
const takesJson = ({ head }: AdminRequest): boolean =>
  /\*\/\*|application\/(\*|json)/.test(head.headers.get("accept") ?? "*/*");

/**
 * Whether somebody in this pod asks, and not a page that a browser of it shows, nor an application that was made to
 * (K3): these name a host of the page's, or say where it came from.
 */
function isOwn({ clientIp, head }: AdminRequest): boolean {
  if (!isLoopback(clientIp) || head.headers.has("origin")) return false;
  if (head.authority === "") return true;
  const host = parseAuthority(head.authority)?.host;
  return host !== undefined && (host === "localhost" || isIp(host));
}

/** What stands after `?`, as it is. */
const queryOf = ({ head, path }: AdminRequest): string => head.path.slice(path.length + 1);

/** The log as it is written, a JSON object a line, until the client goes or falls behind. */
function answerLogs(request: AdminRequest, { streams }: AdminSource): void {
  const { method } = request.head;
  const json = (status: number, error: string): void =>
    answerJson(request, status, { error, status });
  if (!isOwn(request)) answer(request, 403, "");
  else if (!takesJson(request)) answer(request, 406, "");
  else if (method !== "GET" && method !== "QUERY")
    request.respond(405, { ...PLAIN, allow: "GET, QUERY" }, "");
  else {
    const text = method === "GET" ? queryOf(request) : new TextDecoder().decode(request.body);
    const filter = new LogFilter();
    const wrong = text === "" ? "a log filter is missing" : filter.set(text);
    if (wrong !== undefined) json(400, wrong);
    else if (!follow(request, streams, filter)) json(500, "too many read the log");
  }
}

/** False where too many read. */
function follow(request: AdminRequest, streams: LogStreams, filter: LogFilter): boolean {
  let write = (_: string): void => undefined;
  const stop = streams.add(filter, (line) => write(`${line}\n`));
  if (stop === undefined) return false;
  const writer = request.stream(200, JSON_TYPE);
  write = (line) => writer.write(line);
  writer.onClose = stop;
  return true;
}

function answerEnv(request: AdminRequest, variables: AdminSource["variables"]): void {
  const { method } = request.head;
  const query = queryOf(request);
  const json = (status: number, value: unknown): void => answerJson(request, status, value);
  if (method !== "GET") answer(request, 405, "");
  else if (!takesJson(request)) answer(request, 406, "");
  else if (query.includes("="))
    json(400, { error: "query parameters have no values", status: 400 });
  else if (query === "") json(200, variables);
  else
    json(200, Object.fromEntries(query.split("&").map((name) => [name, variables[name] ?? null])));
}

function answerLogLevel(request: AdminRequest, source: AdminSource): void {
  const { method } = request.head;
  if (!isOwn(request)) answer(request, 403, "");
  else if (method === "GET") answer(request, 200, source.logFilter);
  else if (method !== "PUT") answer(request, 405, "");
  else {
    const wrong = source.setLogFilter(new TextDecoder().decode(request.body).trim());
    answer(request, wrong === undefined ? 204 : 400, wrong ?? "");
  }
}

function answerShutdown(request: AdminRequest, { shutdown }: AdminSource): void {
  if (request.head.method !== "POST") answer(request, 405, "");
  else if (!isOwn(request)) answer(request, 403, "");
  else if (shutdown === undefined) answer(request, 404, "");
  else {
    answer(request, 200, "shutdown\n");
    shutdown();
  }
}
