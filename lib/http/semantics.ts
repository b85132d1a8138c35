/** What holds for messages whatever version carries them (RFC 9110). */

import type { HeaderList } from "./headers.ts";

/** Fields that concern one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "te",
]);

/** Removes what concerns the connection a message came on, and what its `Connection` field names; `te: trailers` stays. */
export function removeHopByHop(headers: HeaderList): void {
  const { names, values } = headers;
  let named: string[] | undefined;
  let found = false;
  let trailers = false;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (!HOP_BY_HOP.has(name)) continue;
    found = true;
    const value = (values[i] as string).toLowerCase();
    if (name === "te" && value.includes("trailers")) trailers = true;
    if (name === "connection")
      named = [...(named ?? []), ...value.split(",").map((each) => each.trim())];
  }
  if (!found) return;
  for (const name of HOP_BY_HOP) headers.delete(name);
  for (const name of named ?? []) if (!KEPT.has(name)) headers.delete(name);
  if (trailers) headers.add("te", "trailers");
}

/** `Connection` may name these, but they mean the whole way and stay. */
const KEPT: ReadonlySet<string> = new Set([
  "content-length",
  "content-type",
  "host",
  "authorization",
  "cookie",
]);
