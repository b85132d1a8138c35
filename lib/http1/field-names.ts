/** Names of fields as one and the same string each: nearly all that come are among a few dozen. */

import { TOKEN_LOWER } from "#lib/http/token.ts";

const NAMES: readonly string[] = [
  ...["accept", "accept-encoding", "accept-language", "accept-ranges", "age", "allow"],
  ...["authorization", "b3", "cache-control", "connection", "content-disposition"],
  ...["content-encoding", "content-language", "content-length", "content-range"],
  ...["content-security-policy", "content-type", "cookie", "date", "etag", "expect", "expires"],
  ...["forwarded", "from", "grpc-status", "host", "if-match", "if-modified-since"],
  ...["if-none-match", "keep-alive", "l5d-client-id", "last-modified", "link", "location"],
  ...["origin", "pragma", "range", "referer", "retry-after", "server", "set-cookie"],
  ...["strict-transport-security", "te", "traceparent", "tracestate", "trailer"],
  ...["transfer-encoding", "upgrade", "user-agent", "vary", "via", "www-authenticate"],
  ...["x-content-type-options", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"],
  ...["x-frame-options", "x-powered-by", "x-real-ip", "x-request-id", "x-b3-traceid"],
];

const SLOTS = 1024;

function slotOf(length: number, first: number, last: number): number {
  return (length * 131 + first * 29 + last * 3) & (SLOTS - 1);
}

/** The name that has a slot; where two have the same, the later one is read the long way. */
const TABLE: readonly (string | undefined)[] = buildTable();

function buildTable(): (string | undefined)[] {
  const table = new Array<string | undefined>(SLOTS).fill(undefined);
  for (const name of NAMES) {
    const slot = slotOf(name.length, name.charCodeAt(0), name.charCodeAt(name.length - 1));
    table[slot] ??= name;
  }
  return table;
}

/** `text[from .. end)`, which must be a token and not empty, in lower case. */
export function fieldName(text: string, from: number, end: number): string {
  const length = end - from;
  const first = TOKEN_LOWER[text.charCodeAt(from)] as number;
  const last = TOKEN_LOWER[text.charCodeAt(end - 1)] as number;
  const known = TABLE[slotOf(length, first, last)];
  if (known?.length === length) {
    let i = 0;
    while (i < length && TOKEN_LOWER[text.charCodeAt(from + i)] === known.charCodeAt(i)) i++;
    if (i === length) return known;
  }
  return text.slice(from, end).toLowerCase();
}
