/** Heads into bytes, as HTTP/1 writes them (RFC 9112 §3 to §5). */

import type { ByteWriter } from "#lib/bytes/byte-writer.ts";
import { latin1Write } from "#lib/bytes/latin1.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { isHeadOnly } from "#lib/http/semantics.ts";

/** What a field line has beside its name and value: `: ` and CRLF. */
const LINE_BYTES = 4;

const COLON = 58;
const BLANK = 32;
const CR = 13;
const LF = 10;

/**
 * Writes the head of a request, blank line included. `extra` holds further whole lines. What had no host, as HTTP/1.0
 * may, says so by its version: with 1.1 a host is a must (RFC 9112 §3.2).
 */
export function writeRequestHead(out: ByteWriter, head: RequestHead, extra: string): void {
  const { authority, headers, method, version } = head;
  const target = method === "CONNECT" ? authority : absolute(head);
  out.reserve(
    method.length + target.length + authority.length + extra.length + sizeOf(headers) + START_BYTES,
  );
  put(out, method);
  out.bytes[out.length++] = BLANK;
  put(out, target);
  if (authority === "" && version === "HTTP/1.0") put(out, " HTTP/1.0\r\n");
  else {
    put(out, " HTTP/1.1\r\nhost: ");
    put(out, authority);
    crlf(out);
  }
  putFields(out, headers, extra);
}

/** What a start line has beside its words, with what the host's line has, and the blank line. */
const START_BYTES = 32;

function absolute({ scheme, authority, path, version }: RequestHead): string {
  return scheme === "" || version === "HTTP/2" ? path : `${scheme}://${authority}${path}`;
}

/** Writes the head of a response, blank line included. `extra` holds further whole lines. */
export function writeResponseHead(out: ByteWriter, head: ResponseHead, extra: string): void {
  const line = STATUS_LINES[head.status] ?? `HTTP/1.1 ${head.status} \r\n`;
  out.reserve(line.length + extra.length + sizeOf(head.headers) + START_BYTES);
  put(out, line);
  putFields(out, head.headers, extra);
}

/** Trailer lines, without what only a head may say. */
export function writeTrailers({ names, values }: HeaderList): string {
  let text = "";
  for (let i = 0; i < names.length; i++)
    if (!isHeadOnly(names[i] as string)) text += `${names[i]}: ${values[i]}\r\n`;
  return text;
}

function sizeOf({ names, values }: HeaderList): number {
  let size = 0;
  for (let i = 0; i < names.length; i++)
    size += (names[i] as string).length + (values[i] as string).length + LINE_BYTES;
  return size;
}

/** There is room already. */
function put(out: ByteWriter, text: string): void {
  out.length += latin1Write(out.bytes, text, out.length);
}

function crlf(out: ByteWriter): void {
  out.bytes[out.length++] = CR;
  out.bytes[out.length++] = LF;
}

/** Field lines, further ones, and the blank one. */
function putFields(out: ByteWriter, { names, values }: HeaderList, extra: string): void {
  for (let i = 0; i < names.length; i++) {
    put(out, names[i] as string);
    out.bytes[out.length++] = COLON;
    out.bytes[out.length++] = BLANK;
    put(out, values[i] as string);
    crlf(out);
  }
  if (extra !== "") put(out, extra);
  crlf(out);
}

/** Reason phrases (RFC 9110 §15). */
const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  103: "Early Hints",
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  508: "Loop Detected",
};

const STATUS_LINES: readonly string[] = Array.from({ length: 600 }, (_, status) => {
  return `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n`;
});

/** The answer to what is no request: a status without a body, and the end of the connection. */
export function writeRefusal(out: ByteWriter, status: number): void {
  const head = { status, version: "HTTP/1.1", headers: new HeaderList() } as const;
  writeResponseHead(out, head, "content-length: 0\r\nconnection: close\r\n");
}
