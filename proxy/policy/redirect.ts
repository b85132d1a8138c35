/** Where a request is sent instead, as the Gateway API has it: its parts, and the location that comes of them. */

import type { RequestHead } from "#lib/http/message.ts";
import { withoutQuery } from "#lib/http/target.ts";

/** A redirect; what is undefined stays as it was asked for. */
export interface Redirect {
  readonly scheme: "http" | "https" | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: { readonly type: "full" | "prefix"; readonly value: string } | undefined;
  readonly status: number;
}

/** The answer; undefined where the request already asks for that location. */
export type RedirectAnswer =
  | { readonly type: "redirect"; readonly status: number; readonly location: string }
  | { readonly type: "invalid-redirect" };

const INVALID: RedirectAnswer = { type: "invalid-redirect" };
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };

/**
 * What a redirect answers. It is invalid where a prefix is replaced and none was matched (ERR17), and where nobody said
 * a host. The port is the filter's, else that of the filter's scheme, else the request's; it is left out where the
 * scheme implies it.
 */
export function redirectOf(
  redirect: Redirect,
  head: Pick<RequestHead, "scheme" | "authority" | "path">,
  prefix: number | undefined,
): RedirectAnswer | undefined {
  const asked = head.scheme === "" ? "http" : head.scheme;
  const scheme = redirect.scheme ?? asked;
  const path = pathOf(redirect.path, head.path, prefix);
  const [, host = "", givenPort = ""] =
    /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(head.authority) ?? [];
  const target = redirect.host ?? host;
  if (path === undefined || target === "") return INVALID;
  const sameScheme = redirect.scheme === undefined;
  const port = redirect.port === undefined ? (sameScheme ? givenPort : "") : `${redirect.port}`;
  const implied = port === "" || port === DEFAULT_PORTS[scheme];
  const location = `${scheme}://${target}${implied ? "" : `:${port}`}${path}`;
  return location === `${asked}://${head.authority}${head.path}`
    ? undefined
    : { type: "redirect", status: redirect.status, location };
}

/** Path and query; undefined where a prefix is replaced that was not matched. */
function pathOf(
  change: Redirect["path"],
  target: string,
  prefix: number | undefined,
): string | undefined {
  if (change === undefined) return target;
  const path = withoutQuery(target);
  const query = target.slice(path.length);
  if (change.type === "full")
    return change.value.includes("?") ? change.value : change.value + query;
  return prefix === undefined ? undefined : replacePrefix(path, prefix, change.value) + query;
}

/** The first `prefix` characters of a path, slashes at its end aside, replaced; slashes at the end of the replacement do not count. */
function replacePrefix(path: string, prefix: number, replacement: string): string {
  const rest = path.slice(prefix);
  const before = replacement.replace(/\/+$/, "");
  const joined = rest === "" || rest.startsWith("/") ? before + rest : `${before}/${rest}`;
  return joined === "" ? "/" : joined;
}
