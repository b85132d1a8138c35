/** What of a request's target has one reading (RFC 3986 §2). */

/**
 * A target with bytes beyond ASCII percent-encoded, as a URI has none. Undefined where there is a blank, a control
 * character, a fragment or a backslash.
 */
export function encodedTarget(target: string): string | undefined {
  let highest = 0;
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code <= 32 || code === 127 || code === 35 || code === 92) return undefined;
    if (code > highest) highest = code;
  }
  return highest < 128 ? target : target.replace(/[\x80-\xff]/g, percentEncoded);
}

/** The path of a target, without its query. */
export function withoutQuery(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

const percentEncoded = (byte: string): string =>
  `%${byte.charCodeAt(0).toString(16).toUpperCase()}`;
