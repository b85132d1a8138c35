import { expect, test } from "bun:test";
import { readClientHello } from "#lib/tls/client-hello.ts";
import { goAway } from "../../faults/http2-bytes.ts";
import { flood, repeated, trickle } from "./attack.ts";
import { clientHello } from "./connections.ts";
import { endingsText, listening } from "./endings.ts";
import { ATTACKS } from "./list.ts";
import { failuresOf } from "./verdict.ts";

const text = (pieces: Iterable<Buffer>): string => Buffer.concat([...pieces]).toString();

test("flood() and repeated() write what is first once, then as many pieces as were asked for", () => {
  expect(text(flood(Buffer.from("first "), (i) => Buffer.from(`${i} `), 3))).toBe("first 0 1 2 ");
  expect(text(repeated(Buffer.from("first "), Buffer.from("ab"), 3))).toBe("first ababab");
  const long = text(repeated(Buffer.alloc(0), Buffer.from("abc"), 100_000));
  expect([long.length, long.endsWith("abc")]).toEqual([300_000, true]);
});

test("trickle() gives one piece at a time, without end", () => {
  const pieces = trickle(Buffer.from("head"), Buffer.from("x"));
  expect([pieces.next(), pieces.next(), pieces.next()].map(({ value }) => String(value))).toEqual([
    ...["head", "x", "x"],
  ]);
});

test("every attack has an id of its own and begins with bytes, but for connections that say nothing", () => {
  expect(new Set(ATTACKS.map(({ id }) => id)).size).toBe(ATTACKS.length);
  const silent = ATTACKS.filter(({ bytes }) => bytes()[Symbol.iterator]().next().done === true);
  expect(silent.map(({ id }) => id)).toEqual(["C14"]);
});

test("clientHello() is one that names its server", () => {
  expect(readClientHello(clientHello("a.test"))).toEqual({ type: "tls", sni: "a.test", alpn: [] });
});

test("endings are told by GOAWAY's code and the last status, most frequent first", () => {
  const http2 = listening("http2");
  http2.hear(goAway(0, 11));
  expect(http2.last).toBe("GOAWAY ENHANCE_YOUR_CALM");
  const http1 = listening("http1");
  expect(http1.last).toBeUndefined();
  http1.hear(Buffer.from("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 408 Late\r\n\r\n"));
  expect(http1.last).toBe("408");
  expect(endingsText(["a", "b", "b"])).toBe("b ×2; a");
});

test("failuresOf() names each bound that is exceeded, and none at it", () => {
  const fine = { mib: 64, cpuSeconds: 2, p99Before: 100, p99During: 300, errors: 0, ready: true };
  expect(failuresOf(fine)).toEqual([]);
  const bad = { mib: 65, cpuSeconds: 2.1, p99Before: 100, p99During: 301, errors: 1, ready: false };
  expect(failuresOf(bad)).toEqual(["memory", "CPU", "p99", "errors", "not ready"]);
});
