/** Spans: what is told of a request that passes, by the names of OpenTelemetry's conventions for HTTP. */

import type { RequestHead } from "#lib/http/message.ts";
import { withoutQuery } from "#lib/http/target.ts";

/** A pair of name and value. */
export type Attribute = readonly [name: string, value: string];

/** One that has ended. Times are milliseconds of the wall clock. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: "server" | "client";
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: readonly Attribute[];
}

/** Fields that are told, as they hold no secrets; the others are not. */
const FIELDS: readonly Attribute[] = [
  ["user-agent", "user_agent.original"],
  ["content-length", "http.request.header.content-length"],
  ["content-type", "http.request.header.content-type"],
  ["l5d-orig-proto", "http.request.header.l5d-orig-proto"],
];

/** What a request says of itself. */
export function requestAttributes(head: RequestHead): Attribute[] {
  const { method, authority, path, headers } = head;
  const place = spanName(head);
  const attributes: Attribute[] = [["http.request.method", method]];
  const spoken = schemeOf(head);
  if (spoken !== "") attributes.push(["url.scheme", spoken]);
  attributes.push(["url.path", place]);
  if (place !== path) attributes.push(["url.query", path.slice(place.length + 1)]);
  attributes.push(["url.full", fullUrl(head)], ["network.transport", "tcp"]);
  const host = headers.get("x-forwarded-host") ?? authority;
  const [, name, port] = /^(\[[\da-fA-F:.]+\]|[^:@/\s]+)(?::(\d{1,5}))?$/.exec(host) ?? [];
  if (name !== undefined) attributes.push(["server.address", name]);
  if (port !== undefined) attributes.push(["server.port", port]);
  for (const [field, attribute] of FIELDS) {
    const value = headers.get(field);
    if (value !== undefined) attributes.push([attribute, value]);
  }
  return attributes;
}

/** The path of a request, by which spans are called. */
export const spanName = ({ path }: RequestHead): string => withoutQuery(path);

/** HTTP/1 says none; it is the only one that comes so far. */
const schemeOf = ({ scheme, authority }: RequestHead): string =>
  scheme === "" && authority !== "" ? "http" : scheme;

/** Whose password stands there is not told. */
function fullUrl(head: RequestHead): string {
  const { authority, path } = head;
  const scheme = schemeOf(head);
  const at = authority.lastIndexOf("@");
  const hidden = authority.slice(0, Math.max(0, at)).includes(":")
    ? "REDACTED:REDACTED@"
    : "REDACTED@";
  const shown = at < 0 ? authority : hidden + authority.slice(at + 1);
  return `${scheme === "" ? "" : `${scheme}://`}${shown}${path}`;
}
