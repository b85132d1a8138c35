import { expect, test } from "bun:test";
import { isLowerToken, isToken, TOKEN_LOWER } from "./token.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]$/;

test("TOKEN_LOWER knows the characters of a token (RFC 9110 §5.6.2) and no others", () => {
  for (let code = 0; code < 256; code++) {
    const character = String.fromCharCode(code);
    const token = TOKEN.test(character);
    expect(TOKEN_LOWER[code]).toBe(token ? character.toLowerCase().charCodeAt(0) : 0);
  }
});

test("a token has these characters only, wherever they stand, and at least one", () => {
  for (let code = 0; code < 300; code++) {
    const character = String.fromCharCode(code);
    const token = TOKEN.test(character);
    for (const text of [character, `${character}x`, `x${character}`]) {
      expect(isToken(text)).toBe(token);
      expect(isLowerToken(text)).toBe(token && !/[A-Z]/.test(character));
    }
  }
  expect([isToken(""), isLowerToken("")]).toEqual([false, false]);
});
