/** Heads into text, as HTTP/1 writes them (RFC 9112 §3 to §5). */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { isHeadOnly } from "#lib/http/semantics.ts";

/**
 * The head of a request, blank line included. `extra` holds further whole lines. What had no host, as HTTP/1.0 may,
 * says so by its version: with 1.1 a host is a must (RFC 9112 §3.2).
 */
export function writeRequestHead(head: RequestHead, extra: string): string {
  const target = head.method === "CONNECT" ? head.authority : absolute(head);
  const fields = `${writeFields(head.headers)}${extra}\r\n`;
  if (head.authority === "" && head.version === "HTTP/1.0")
    return `${head.method} ${target} HTTP/1.0\r\n${fields}`;
  return `${head.method} ${target} HTTP/1.1\r\nhost: ${head.authority}\r\n${fields}`;
}

function absolute({ scheme, authority, path, version }: RequestHead): string {
  return scheme === "" || version === "HTTP/2" ? path : `${scheme}://${authority}${path}`;
}

/** The head of a response, blank line included. */
export function writeResponseHead(head: ResponseHead, extra: string): string {
  return `HTTP/1.1 ${head.status} ${REASONS[head.status] ?? ""}\r\n${writeFields(head.headers)}${extra}\r\n`;
}

/** Field lines without the blank one. */
export function writeFields({ names, values }: HeaderList): string {
  let text = "";
  for (let i = 0; i < names.length; i++) text += `${names[i]}: ${values[i]}\r\n`;
  return text;
}

/** Trailer lines, without what only a head may say. */
export function writeTrailers({ names, values }: HeaderList): string {
  let text = "";
  for (let i = 0; i < names.length; i++)
    if (!isHeadOnly(names[i] as string)) text += `${names[i]}: ${values[i]}\r\n`;
  return text;
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

/** The answer to what is no request: a status without a body, and the end of the connection. */
export function writeRefusal(status: number): string {
  const head = { status, version: "HTTP/1.1", headers: new HeaderList() } as const;
  return writeResponseHead(head, "content-length: 0\r\nconnection: close\r\n");
}
