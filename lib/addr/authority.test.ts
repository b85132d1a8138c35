import { expect, test } from "bun:test";
import { parseAuthority } from "./authority.ts";

test.each([
  ["Web.default.svc.cluster.local:80", { host: "web.default.svc.cluster.local", port: 80 }],
  ["localhost.:8086", { host: "localhost", port: 8086 }],
  ["[::1]:4140", { host: "::1", port: 4140 }],
  ["web", { host: "web", port: undefined }],
])("parseAuthority(%s)", (text, authority) => {
  expect(parseAuthority(text)).toEqual(authority);
});

test.each(["", "a b", "user@web", "web:99999", "web:x", "[::1"])(
  "parseAuthority(%s) refuses",
  (text) => {
    expect(parseAuthority(text)).toBeUndefined();
  },
);
