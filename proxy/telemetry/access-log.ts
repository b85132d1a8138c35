/** The access log of inbound (P53): one line for each answer, in Apache's form or as JSON; pure. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";

/** How lines are written (`ACCESS_LOG`). */
export type AccessLogFormat = "apache" | "json";

/** A request that has been answered. */
export interface AccessEntry {
  /** Its address and port. */
  readonly client: string;
  /** The client's identity; undefined where it has none. */
  readonly clientId: string | undefined;
  readonly request: RequestHead;
  readonly status: number;
  /** What the answer says of its length; undefined where it says nothing. */
  readonly responseBytes: string | undefined;
  /** When the request came, in milliseconds since 1970. */
  readonly wallMs: number;
  /** From then to the head of the answer. */
  readonly totalMs: number;
  /** What of it was before the application was asked. */
  readonly processingMs: number;
}

const NANOSECONDS = 1e6;

/** Writes lines of a format; undefined where there is none. */
export function accessWriter(
  format: AccessLogFormat | undefined,
  write: (line: string) => void,
): ((entry: AccessEntry) => void) | undefined {
  return format && ((entry) => write(formatAccess(format, entry)));
}

/** The line, without its end; nothing that a client sends can begin another one. */
export function formatAccess(format: AccessLogFormat, entry: AccessEntry): string {
  return format === "json" ? json(entry) : apache(entry);
}

function apache({ client, clientId, request, status, wallMs }: AccessEntry): string {
  const what = `${request.method} ${uriOf(request)} ${versionOf(request)}`;
  return `${client} ${plain(clientId ?? "-")} - [${timestamp(wallMs)}] "${plain(what)}" ${status} -`;
}

function json(entry: AccessEntry): string {
  const { client, clientId = "-", request, status, responseBytes = "" } = entry;
  const { headers } = request;
  return JSON.stringify({
    "client.addr": client,
    "client.id": clientId,
    host: request.authority,
    method: request.method,
    processing_ns: nanoseconds(entry.processingMs),
    request_bytes: headers.get("content-length") ?? "",
    response_bytes: responseBytes,
    status,
    timestamp: timestamp(entry.wallMs),
    total_ns: nanoseconds(entry.totalMs),
    trace_id: traceOf(headers),
    uri: uriOf(request),
    user_agent: headers.get("user-agent") ?? "",
    version: versionOf(request),
  });
}

/** Of the fields that name a trace the first that is there counts. */
const traceOf = (headers: HeaderList): string =>
  headers.get("x-b3-traceid") ??
  headers.get("x-request-id") ??
  headers.get("x-amzn-trace-id") ??
  "";

/** What would end the quotes, or is no printable ASCII, is written out. */
const plain = (text: string): string =>
  text.replaceAll(
    /["\\]|[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const nanoseconds = (ms: number): string => String(Math.round(ms * NANOSECONDS));

const timestamp = (wallMs: number): string => {
  const millis = Math.floor(wallMs);
  const second = Math.floor(millis / 1000);
  if (second !== shownSecond) {
    shown = new Date(second * 1000).toISOString().slice(0, -"000Z".length);
    shownSecond = second;
  }
  return `${shown}${String(millis - second * 1000).padStart(3, "0")}000000Z`;
};
/** The last second that was written, and what it begins with. */
let shownSecond = Number.NaN;
let shown = "";

const versionOf = ({ version }: RequestHead): string =>
  version === "HTTP/2" ? "HTTP/2.0" : version;

const uriOf = ({ method, authority, path }: RequestHead): string =>
  method === "CONNECT" ? authority : `http://${authority}${path}`;
