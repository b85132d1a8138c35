/** What field names and methods are made of (RFC 9110 §5.6.2). */

/** Characters of a token in lower case, by their code; 0 for all others. */
export const TOKEN_LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(character) ? character.toLowerCase().charCodeAt(0) : 0;
});

/** Whether a text is a token. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++)
    if (!((TOKEN_LOWER[text.charCodeAt(i)] as number) > 0)) return false;
  return text.length > 0;
}

/** Whether it is one without upper case, as HTTP/2 has its names (RFC 9113 §8.2.1). */
export function isLowerToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || TOKEN_LOWER[code] !== code) return false;
  }
  return text.length > 0;
}
