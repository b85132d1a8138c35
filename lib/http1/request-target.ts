/** The four forms of a request's target, and the one authority that comes of it (RFC 9112 §3.2). */

import { isAuthority } from "#lib/http/authority.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { encodedTarget } from "#lib/http/target.ts";
import { ambiguous, malformed } from "./http1-error.ts";

/**
 * Splits the target into scheme, authority and path; the authority is the same for routing, policy and forwarding.
 */
export function applyTarget(head: RequestHead, given: string, host: string | undefined): void {
  const target = encodedTarget(given);
  if (target === undefined) throw malformed("its target has an invalid character");
  head.path = target;
  if (head.method === "CONNECT") {
    if (!/^[^/?@]+:\d{1,5}$/.test(target)) throw malformed("CONNECT needs host:port");
    head.authority = target;
    head.path = "";
  } else if (target.charCodeAt(0) === 0x2f || (target === "*" && head.method === "OPTIONS")) {
    head.authority = host ?? "";
  } else applyAbsoluteForm(head, target);
  checkAuthority(head, host);
}

function applyAbsoluteForm(head: RequestHead, target: string): void {
  const match = /^(https?):\/\/([^/?@]+)(\/[^?]*)?(\?.*)?$/i.exec(target);
  if (match === null) throw malformed("its target is neither a path nor a URI");
  head.scheme = (match[1] ?? "").toLowerCase();
  head.authority = match[2] ?? "";
  head.path = `${match[3] ?? "/"}${match[4] ?? ""}`;
}

function checkAuthority({ authority, version }: RequestHead, host: string | undefined): void {
  if (host === undefined) {
    if (version === "HTTP/1.1") throw malformed("it has no host");
    if (authority === "") return;
  } else if (host !== authority && host.toLowerCase() !== authority.toLowerCase())
    throw ambiguous("host contradicts its target");
  if (!isAuthority(authority)) throw malformed("its host is none");
}
