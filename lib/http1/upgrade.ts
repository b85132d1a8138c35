/** Which upgrades a request may ask for (RFC 9110 §7.8). */

import type { RequestHead } from "#lib/http/message.ts";
import type { ParsedFields } from "./field-parser.ts";
import { hasOption } from "./framing.ts";

/**
 * Leaves in the head only what may be switched to, and says whether that is anything. Ignored, as a server is free to:
 * what `Connection` does not name, what HTTP/1.0 asks, what comes with a body (both sides would have to agree where it
 * ends), and HTTP/2, whose requests would then go past policy.
 */
export function settleUpgrade(head: RequestHead, fields: ParsedFields, hasBody: boolean): boolean {
  const { connection, upgrade } = fields;
  if (upgrade === undefined) return false;
  head.headers.delete("upgrade");
  head.headers.delete("http2-settings");
  if (hasBody || head.version !== "HTTP/1.1") return false;
  if (connection === undefined || !hasOption(connection, "upgrade")) return false;
  const protocols = upgrade
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "" && !/^(h2c?|http\b.*)$/i.test(each));
  if (protocols.length === 0) return false;
  head.headers.add("upgrade", protocols.join(", "));
  return true;
}
