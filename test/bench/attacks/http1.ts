/** Attacks of section A: over HTTP/1, on memory and time. */

import { type Attack, repeated, trickle } from "./attack.ts";

const HOST = "Host: a.test\r\n";
const CHUNKED = text(`POST /sink HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
const GET = text(`GET /1k HTTP/1.1\r\n${HOST}\r\n`);
const OK = "HTTP/1.1 200 OK\r\n";
const GIB = 2 ** 30;

function text(bytes: string): Buffer {
  return Buffer.from(bytes, "latin1");
}

/** A server that reads all and says nothing. */
const SINK = { upstream: () => [] };

/** Floods of a body's framing. */
const BODIES: readonly Attack[] = [
  {
    ...{ id: "A11", name: "chunks of one byte", over: "http1", connections: 1, ...SINK },
    bytes: () => repeated(CHUNKED, text("1\r\nx\r\n"), 1_000_000),
  },
  {
    ...{ id: "A12", name: "chunks that overrun their size", over: "http1", ...SINK },
    ...{ connections: 8, total: 200 },
    bytes: () => repeated(CHUNKED, text("1\r\nxxx")),
  },
  {
    ...{ id: "A13", name: "no end behind the last chunk", over: "http1", ...SINK },
    ...{ connections: 8, total: 200 },
    bytes: () => repeated(CHUNKED, text("0\r\nx")),
  },
  {
    ...{ id: "A14", name: "4 KB of extensions a chunk", over: "http1", connections: 1, ...SINK },
    bytes: () => repeated(CHUNKED, text(`1;${"e".repeat(4000)}\r\nx\r\n`), 25_000),
  },
  {
    ...{
      id: "A42",
      name: "a body of 1 GB, length unknown",
      over: "http1",
      connections: 1,
      ...SINK,
    },
    bytes: () => repeated(CHUNKED, text(`10000\r\n${"x".repeat(0x10000)}\r\n`), GIB / 0x10000),
  },
];

/** Heads without end or sense. */
const HEADS: readonly Attack[] = [
  {
    ...{ id: "A20", name: "heads of 60 KB without end", over: "http1", connections: 256 },
    bytes: () => [text(`GET / HTTP/1.1\r\n${HOST}${`X: ${"x".repeat(15_000)}\r\n`.repeat(4)}`)],
  },
  {
    ...{ id: "A20b", name: "heads over the limit", over: "http1", connections: 8, total: 200 },
    bytes: () => repeated(text(`GET / HTTP/1.1\r\n${HOST}`), text(`X: ${"x".repeat(15_000)}\r\n`)),
  },
  {
    ...{ id: "A21", name: "targets without end", over: "http1", connections: 8, total: 200 },
    bytes: () => repeated(text("GET /"), text("x".repeat(1000))),
  },
  {
    ...{ id: "A22", name: "heads that trickle", over: "http1", connections: 1000, everyMs: 500 },
    bytes: () => trickle(text(`GET / HTTP/1.1\r\n${HOST}`), text("X: y\r\n")),
  },
  {
    ...{ id: "A41", name: "methods without end", over: "http1", connections: 8, total: 200 },
    bytes: () => repeated(text("M"), text("M".repeat(1000))),
  },
];

/** Peers that are slow or in a hurry. */
const PACE: readonly Attack[] = [
  {
    ...{ id: "A23", name: "bodies that trickle", over: "http1", connections: 500, everyMs: 500 },
    bytes: () =>
      trickle(text(`POST /sink HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\n`), text("x")),
    ...SINK,
  },
  {
    ...{ id: "A24", name: "readers that do not read 8 MB", over: "http1", connections: 64 },
    bytes: () => [text(`GET /8m HTTP/1.1\r\n${HOST}\r\n`)],
    deaf: true,
  },
  {
    ...{ id: "A25", name: "10,000 pipelined requests", over: "http1", connections: 1 },
    bytes: () => repeated(text(""), GET, 10_000),
  },
  {
    ...{ id: "A25b", name: "pipelined requests, answers unread", over: "http1", connections: 16 },
    bytes: () => repeated(text(""), GET),
    deaf: true,
  },
];

/** What a server does. */
const UPSTREAM: readonly Attack[] = [
  {
    ...{ id: "A26", name: "an answer before an endless body", over: "http1" },
    ...{ connections: 8, total: 200 },
    bytes: () => repeated(CHUNKED, text(`10000\r\n${"x".repeat(0x10000)}\r\n`)),
    upstream: () => [text("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")],
  },
  {
    ...{ id: "A32", name: "informational responses without end", over: "http1" },
    ...{ connections: 8 },
    bytes: () => repeated(text(""), GET, 25),
    upstream: () => repeated(text(""), text("HTTP/1.1 102 Wait\r\n\r\n")),
  },
  {
    ...{ id: "A34", name: "a response without end behind its length", over: "http1" },
    ...{ connections: 8 },
    bytes: () => repeated(text(""), GET, 25),
    upstream: () => repeated(text(`${OK}Content-Length: 2\r\n\r\nhi`), text("x".repeat(1000))),
  },
];

/** All of them. */
export const HTTP1_ATTACKS: readonly Attack[] = [...BODIES, ...HEADS, ...PACE, ...UPSTREAM];
