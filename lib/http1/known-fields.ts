/** Fields as strings that are there already: nearly all names are among a few dozen, and most values came before. */

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

/** The slot of the name `text[from .. end)`, which must be a token and not empty; -1 where it is none of the few dozen. */
export function fieldSlot(text: string, from: number, end: number): number {
  const length = end - from;
  const first = TOKEN_LOWER[text.charCodeAt(from)] as number;
  const last = TOKEN_LOWER[text.charCodeAt(end - 1)] as number;
  const slot = slotOf(length, first, last);
  const known = TABLE[slot];
  if (known?.length !== length) return -1;
  for (let i = 0; i < length; i++)
    if (TOKEN_LOWER[text.charCodeAt(from + i)] !== known.charCodeAt(i)) return -1;
  return slot;
}

/** The name `text[from .. end)` in lower case; `slot` is what `fieldSlot` says of it. */
export const fieldName = (text: string, from: number, end: number, slot: number): string =>
  slot < 0 ? text.slice(from, end).toLowerCase() : (TABLE[slot] as string);

/** A value is kept with all the text that it is a part of, so none is kept of a longer one. */
export const RECENT_TEXT_LIMIT: number = 4 * 1024;
/** By their slots, names whose values nobody but their connection may hold on to. */
const SECRET: Uint8Array = Uint8Array.from(TABLE, (name) =>
  name === "authorization" || name === "cookie" || name === "set-cookie" ? 1 : 0,
);
/** The last value of each name, whoever sent it. */
const RECENT: string[] = new Array<string>(SLOTS).fill("");

/** The value `text[from .. end)` of the name with this slot: the string of the last one where they are the same. */
export function fieldValue(text: string, from: number, end: number, slot: number): string {
  if (slot < 0) return text.slice(from, end);
  const recent = RECENT[slot] as string;
  if (recent.length === end - from && text.startsWith(recent, from)) return recent;
  const value = text.slice(from, end);
  if (isKept(slot, text.length)) RECENT[slot] = value;
  return value;
}

/** Whether a value of the name with this slot is kept, out of a head of so many characters. */
export const isKept = (slot: number, textLength: number): boolean =>
  textLength <= RECENT_TEXT_LIMIT && SECRET[slot] === 0;
