/** Headers that only the mesh writes (HDR1, HDR5 to HDR7): what others send under these names is taken away. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { ORIG_PROTO } from "./orig-proto.ts";
import { NOT_DELIVERED } from "./rescue.ts";

/** The header that tells the application who calls (HDR1). */
export const CLIENT_ID = "l5d-client-id";

/** Tells which ServiceProfile a request goes by, as `name:port` (HDR2). */
export const CANONICAL = "l5d-dst-canonical";

const OURS: ReadonlySet<string> = new Set([
  CLIENT_ID,
  ORIG_PROTO,
  "l5d-proxy-error",
  "l5d-proxy-connection",
  NOT_DELIVERED,
]);

/** Names the identity that whoever gets the request has to prove (HDR4). */
const REQUIRE_ID = "l5d-require-id";

/** Removes them all; whoever may say so adds its own afterwards. True where a name like theirs is left. */
export function removeMeshHeaders(headers: HeaderList): boolean {
  const { names } = headers;
  let others = false;
  for (let i = names.length - 1; i >= 0; i--) {
    const name = names[Math.min(i, names.length - 1)] ?? "";
    const first = name.charCodeAt(0);
    // "l" or "b": most names need no look at the set.
    if (first !== 0x6c && first !== 0x62) continue;
    if (OURS.has(name)) headers.delete(name);
    else others = true;
  }
  return others;
}

/** Removes them from a request of the application, and takes the identity that it requires of its endpoint (P20). */
export function takeRequiredId(headers: HeaderList): string | undefined {
  if (!removeMeshHeaders(headers)) return undefined;
  const required = headers.get(REQUIRE_ID);
  if (required !== undefined) headers.delete(REQUIRE_ID);
  return required;
}

/** What a request names: its profile, as the caller's proxy says, else what it was sent to. */
export const namedBy = ({ headers, authority }: RequestHead): string =>
  headers.get(CANONICAL) ?? authority;
