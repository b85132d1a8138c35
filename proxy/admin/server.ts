/** The admin port: metrics, readiness, log level, shutdown (ADMIN1 to ADMIN8). */

import { isLoopback } from "#lib/addr/ip.ts";
import type { PlainRequest, PlainResponse } from "#lib/net/plain-http.ts";

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

const text = (status: number, body: string): PlainResponse => ({ status, body });
const METHOD_NOT_ALLOWED: PlainResponse = text(405, "");
const LOOPBACK_ONLY: PlainResponse = text(403, "");

/** Answers one request. */
export async function answerAdmin(
  request: PlainRequest,
  source: AdminSource,
): Promise<PlainResponse> {
  switch (request.path) {
    case "/metrics":
      return { status: 200, body: source.metrics(), contentType: "text/plain" };
    case "/ready":
      return source.ready ? text(200, "ready\n") : text(503, "not ready\n");
    case "/live":
      return text(200, "live\n");
    case "/env.json":
      return answerEnv(request, source.variables);
    case "/proxy-log-level":
      return await answerLogLevel(request, source);
    case "/shutdown":
      return answerShutdown(request, source);
    default:
      return text(404, "");
  }
}

function answerEnv(request: PlainRequest, variables: AdminSource["variables"]): PlainResponse {
  if (request.method !== "GET") return METHOD_NOT_ALLOWED;
  const accept = request.header("accept") ?? "*/*";
  if (!/\*\/\*|application\/(\*|json)/.test(accept)) return text(406, "");
  const json = (status: number, value: unknown): PlainResponse => ({
    status,
    body: JSON.stringify(value),
    contentType: "application/json",
  });
  if (request.query.includes("="))
    return json(400, { error: "query parameters have no values", status: 400 });
  if (request.query === "") return json(200, variables);
  const asked = request.query.split("&");
  return json(200, Object.fromEntries(asked.map((name) => [name, variables[name] ?? null])));
}

async function answerLogLevel(request: PlainRequest, source: AdminSource): Promise<PlainResponse> {
  if (!isLoopback(request.remoteIp)) return LOOPBACK_ONLY;
  if (request.method === "GET") return text(200, source.logFilter);
  if (request.method !== "PUT") return METHOD_NOT_ALLOWED;
  const wrong = source.setLogFilter((await request.text()).trim());
  return wrong === undefined ? text(204, "") : text(400, wrong);
}

function answerShutdown(request: PlainRequest, { shutdown }: AdminSource): PlainResponse {
  if (request.method !== "POST") return METHOD_NOT_ALLOWED;
  if (!isLoopback(request.remoteIp)) return LOOPBACK_ONLY;
  if (shutdown === undefined) return text(404, "");
  shutdown();
  return text(200, "shutdown\n");
}
