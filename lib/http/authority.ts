/** What may stand for a host and its port (RFC 3986 §3.2, RFC 9110 §4.2). */

/** Whether a text is `host[:port]`, neither of it empty; a comma would make it a list. */
export function isAuthority(text: string): boolean {
  const hostEnd = text.charCodeAt(0) === 0x5b ? literalEnd(text) : nameEnd(text);
  if (hostEnd <= 0) return false;
  if (hostEnd === text.length) return true;
  const digits = text.length - hostEnd - 1;
  if (text.charCodeAt(hostEnd) !== 0x3a || digits < 1 || digits > 5) return false;
  for (let i = hostEnd + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return true;
}

/** Which characters a host may have outside of brackets: unreserved ones, and sub-delims but the comma (RFC 3986 §3.2.2). */
const HOST: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) =>
  /[A-Za-z0-9._~!$&'()*+;=-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** Reads within the text only: a code that is not there would make every look at the table a slow one. */
function nameEnd(text: string): number {
  const { length } = text;
  let at = 0;
  while (at < length) {
    const code = text.charCodeAt(at);
    if (HOST[code] === 1) at++;
    else if (code === 0x25 && /^%[0-9a-fA-F]{2}$/.test(text.slice(at, at + 3))) at += 3;
    else break;
  }
  return at;
}

/** Where an IPv6 address in brackets ends. */
function literalEnd(text: string): number {
  return /^\[[0-9a-fA-F:.]+\]/.exec(text)?.[0].length ?? -1;
}
