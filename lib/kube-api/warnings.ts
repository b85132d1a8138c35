/** Warnings beside an answer: one header field, as clients of Kubernetes read it (RFC 7234 §5.5). */

import type { SimpleFields, SimpleRequest } from "#lib/http-io/simple.ts";

/** "Miscellaneous persistent warning", the only code that clients look at. */
const CODE = 299;
/** All warnings of an answer together; the API server tells no more either. */
const LIMIT_BYTES = 4096;

/** A request whose answer carries the warnings that are there by then, each once. */
export function withWarnings(request: SimpleRequest, warnings: readonly string[]): SimpleRequest {
  const { head, path, query, body, upgrade } = request;
  return {
    ...{ head, path, query, body, upgrade },
    respond: (status, fields, answer) =>
      request.respond(status, { ...fields, ...warningField(warnings) }, answer),
    stream: (status, fields) => request.stream(status, fields),
    tunnel: (fields) => request.tunnel(fields),
  };
}

/** `299 - "text", 299 - "text"`; nothing where there is no warning. */
export function warningField(warnings: readonly string[]): SimpleFields {
  let value = "";
  for (const text of new Set(warnings)) {
    const next = `${value === "" ? "" : ", "}${CODE} - ${quoted(text)}`;
    if (value.length + next.length > LIMIT_BYTES) break;
    value += next;
  }
  return value === "" ? {} : { warning: value };
}

/** As a quoted string; what a field cannot carry becomes a space. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, " ").replace(/["\\]/g, "\\$&")}"`;
}
