/** The 61 entries of HPACK's static table (RFC 7541, appendix A). */

/** Entries 1 to 61: a name, or `name=value|value…` for neighbours that share it. */
const TABLE =
  ":authority;:method=GET|POST;:path=/|/index.html;:scheme=http|https;:status=200|204|206|304|400|404|500;" +
  "accept-charset;accept-encoding=gzip, deflate;accept-language;accept-ranges;accept;access-control-allow-origin;" +
  "age;allow;authorization;cache-control;content-disposition;content-encoding;content-language;content-length;" +
  "content-location;content-range;content-type;cookie;date;etag;expect;expires;from;host;if-match;" +
  "if-modified-since;if-none-match;if-range;if-unmodified-since;last-modified;link;location;max-forwards;" +
  "proxy-authenticate;proxy-authorization;range;referer;refresh;retry-after;server;set-cookie;" +
  "strict-transport-security;transfer-encoding;user-agent;vary;via;www-authenticate";

/** Names by index; 0 is unused. */
export const STATIC_NAMES: readonly string[] = expand(([name]) => name);
/** Values by index; 0 is unused. */
export const STATIC_VALUES: readonly string[] = expand(([, value]) => value);
/** The highest static index. */
export const STATIC_LENGTH: number = STATIC_NAMES.length - 1;

function expand(part: (entry: readonly [name: string, value: string]) => string): string[] {
  const parts = [""];
  for (const entry of TABLE.split(";")) {
    const at = entry.indexOf("=", 1);
    const name = at < 0 ? entry : entry.slice(0, at);
    const values = at < 0 ? [""] : entry.slice(at + 1).split("|");
    for (const value of values) parts.push(part([name, value]));
  }
  return parts;
}

/** The lowest index of each name. */
export const STATIC_INDEX_OF_NAME: ReadonlyMap<string, number> = new Map(
  STATIC_NAMES.map((name, index): [string, number] => [name, index])
    .slice(1)
    .reverse(),
);
