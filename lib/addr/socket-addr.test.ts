import { expect, test } from "bun:test";
import { formatSocketAddr, parseSocketAddr } from "./socket-addr.ts";

test.each(["10.0.0.1:80", "[fd00::1]:4143", "127.0.0.1:0"])(
  "parseSocketAddr(%s) and back",
  (text) => {
    const addr = parseSocketAddr(text);
    expect(addr && formatSocketAddr(addr)).toBe(text);
  },
);

test.each(["10.0.0.1", "10.0.0.1:65536", "web:80", "fd00::1:80", ""])(
  "parseSocketAddr(%s) refuses",
  (text) => {
    expect(parseSocketAddr(text)).toBeUndefined();
  },
);
