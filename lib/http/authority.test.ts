import { expect, test } from "bun:test";
import { isAuthority } from "./authority.ts";

test.each(["a", "a.b-c_d:80", "[::1]", "[::1]:8080", "a%2Fb", "1.2.3.4:65535"])(
  "isAuthority() takes %s",
  (text) => {
    expect(isAuthority(text)).toBe(true);
  },
);

test.each([
  "",
  ":80",
  "a:",
  "a:123456",
  "a:x",
  "a,b",
  "u@a",
  "a/b",
  "a b",
  "a%2",
  "a%zz",
  "[a]x",
  "[]",
])("isAuthority() refuses %j", (text) => {
  expect(isAuthority(text)).toBe(false);
});
