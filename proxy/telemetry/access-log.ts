/** The access log of inbound (P53): one line for each answer, in Apache's form or as JSON. */

import type { ByteWriter } from "#lib/bytes/byte-writer.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { GatheredLines } from "./gathered-lines.ts";

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

/** Writes one line, without its end: nothing that a client sends can begin another one. */
export type AccessLine = (out: ByteWriter, entry: AccessEntry) => void;

/** Writes lines of a format; undefined where there is none. */
export function accessWriter(
  format: AccessLogFormat | undefined,
  write: (lines: string) => void,
): ((entry: AccessEntry) => void) | undefined {
  if (format === undefined) return undefined;
  const lines = new GatheredLines(write);
  const line = accessLine(format);
  return (entry) => line(lines.begin(), entry);
}

/** Lines of this format. */
export function accessLine(format: AccessLogFormat): AccessLine {
  if (format === "apache") return apacheLine;
  const json = new JsonLine();
  return (out, entry) => json.write(out, entry);
}

function apacheLine(
  out: ByteWriter,
  { client, clientId, request, status, wallMs }: AccessEntry,
): void {
  const what = `${request.method} ${uriOf(request)} ${versionOf(request)}`;
  out.text(
    `${client} ${plain(clientId ?? "-")} - [${timestamp(wallMs)}] "${plain(what)}" ${status} -`,
  );
}

/**
 * A line as JSON, in the few parts between its numbers. Each part is kept for the next line, which mostly is of the
 * same client, the same thousandth of a second, the same path: a log that is on is paid for by every request, and
 * `JSON.stringify` of the whole takes three times as long.
 */
class JsonLine {
  #client: string | undefined;
  #clientId = "";
  #method = "";
  #authority = "";
  #asker = "";
  #requestBytes = "";
  #responseBytes = "";
  #status = 0;
  #millis: number | undefined;
  #answer = "";
  #trace = "";
  #uri: string | undefined;
  #target = "";
  #agent: string | undefined;
  #version = "";
  #program = "";

  write(out: ByteWriter, entry: AccessEntry): void {
    out.text(this.#askerOf(entry));
    out.decimal(nanoseconds(entry.processingMs));
    out.text(this.#answerOf(entry));
    out.decimal(nanoseconds(entry.totalMs));
    out.text(this.#targetOf(entry));
    out.text(this.#programOf(entry));
  }

  #askerOf({ client, clientId = "-", request: { method, authority } }: AccessEntry): string {
    const same = client === this.#client && clientId === this.#clientId;
    if (same && method === this.#method && authority === this.#authority) return this.#asker;
    this.#client = client;
    this.#clientId = clientId;
    this.#method = method;
    this.#authority = authority;
    const who = `{"client.addr":${quoted(client)},"client.id":${quoted(clientId)}`;
    const what = `"host":${quoted(authority)},"method":${quoted(method)}`;
    this.#asker = `${who},${what},"processing_ns":"`;
    return this.#asker;
  }

  #answerOf({ request, responseBytes = "", status, wallMs }: AccessEntry): string {
    const requestBytes = request.headers.get("content-length") ?? "";
    const millis = Math.floor(wallMs);
    const same = requestBytes === this.#requestBytes && responseBytes === this.#responseBytes;
    if (same && status === this.#status && millis === this.#millis) return this.#answer;
    this.#requestBytes = requestBytes;
    this.#responseBytes = responseBytes;
    this.#status = status;
    this.#millis = millis;
    const bytes = `"request_bytes":${quoted(requestBytes)},"response_bytes":${quoted(responseBytes)}`;
    this.#answer = `",${bytes},"status":${status},"timestamp":"${timestamp(wallMs)}","total_ns":"`;
    return this.#answer;
  }

  #targetOf({ request }: AccessEntry): string {
    const trace = traceOf(request.headers);
    const uri = uriOf(request);
    if (trace === this.#trace && uri === this.#uri) return this.#target;
    this.#trace = trace;
    this.#uri = uri;
    this.#target = `","trace_id":${quoted(trace)},"uri":${quoted(uri)}`;
    return this.#target;
  }

  #programOf({ request }: AccessEntry): string {
    const agent = request.headers.get("user-agent") ?? "";
    const version = versionOf(request);
    if (agent === this.#agent && version === this.#version) return this.#program;
    this.#agent = agent;
    this.#version = version;
    this.#program = `,"user_agent":${quoted(agent)},"version":${quoted(version)}}`;
    return this.#program;
  }
}

/** As JSON has it; what has no byte of its own is written out. */
const quoted = (text: string): string => JSON.stringify(text).replaceAll(/[^\0-\xff]/g, writtenOut);

const writtenOut = (char: string): string =>
  `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Of the fields that name a trace the first that is there counts. */
const traceOf = (headers: HeaderList): string =>
  headers.get("x-b3-traceid") ??
  headers.get("x-request-id") ??
  headers.get("x-amzn-trace-id") ??
  "";

/** What would end the quotes, or is no printable ASCII, is written out. */
const plain = (text: string): string => text.replaceAll(/["\\]|[^ -~]/g, writtenOut);

const NANOSECONDS = 1e6;
const nanoseconds = (ms: number): number => Math.max(0, Math.round(ms * NANOSECONDS));

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
