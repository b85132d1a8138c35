/** Requests that are fine, and the one form they arrive in. */

import { CHUNKED, GET, HOST, POST, type RequestVector } from "./vector.ts";

const targets: readonly (readonly [target: string, arrives?: string])[] = [
  ["/"],
  ["//"],
  ["//a//b"],
  ["/./a"],
  ["/../a"],
  ["/a/.."],
  ["/%2f%2F"],
  ["/%2e%2e/a"],
  ["/%5c"],
  ["/%00"],
  ["/%zz"],
  ["/a;b=c"],
  ["/a?b=c&d=/e?f"],
  ["/?"],
  ["/a|b"],
  ["/{a}"],
  ['/"a"'],
  ["/<a>"],
  ["/a:b@c"],
  ["/\xd1\x81", "/%D1%81"],
  [`/${"x".repeat(8000)}`],
];

const methods = [
  "DELETE",
  "PUT",
  "PATCH",
  "OPTIONS",
  "TRACE",
  "M-SEARCH",
  "X_Y",
  "PROPFIND",
  "HEAD",
];

const hosts = ["b", "B.Test:8080", "[::1]:80", "10.0.0.1", "a_b.test", "xn--a", "a%20b"];

const HOPS =
  "Connection: close, X-Own, authorization, l5d-client-id\r\nX-Own: 1\r\nAuthorization: 2\r\nKeep-Alive: 3\r\nProxy-Connection: 4\r\nTE: gzip, trailers\r\n";

/** All arrive; `200` is the last answer. */
export const FORWARDED: readonly RequestVector[] = [
  ...targets.map(([target, arrives = target]) => ({
    name: `target ${target.slice(0, 20)}`,
    bytes: `GET ${target} HTTP/1.1\r\n${HOST}\r\n`,
    forwards: [`GET ${arrives}|a.test|`],
  })),
  ...methods.map((method) => ({
    name: `method ${method}`,
    bytes: `${method} / HTTP/1.1\r\n${HOST}\r\n`,
    forwards: [`${method} /|a.test|`],
  })),
  ...hosts.map((host) => ({
    name: `host ${host}`,
    bytes: `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    forwards: [`GET /|${host}|`],
  })),
  {
    name: "OPTIONS *",
    bytes: `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
    forwards: ["OPTIONS *|a.test|"],
  },
  {
    name: "an absolute form",
    bytes: `GET http://a.test/b?c HTTP/1.1\r\n${HOST}\r\n`,
    forwards: ["GET http://a.test/b?c|a.test|"],
  },
  {
    name: "an absolute form without a path",
    bytes: `GET http://A.test?c HTTP/1.1\r\n${HOST}\r\n`,
    forwards: ["GET http://A.test/?c|A.test|"],
  },
  {
    name: "HTTP/1.0 with a host",
    bytes: `GET / HTTP/1.0\r\n${HOST}\r\n`,
    forwards: ["GET /|a.test|"],
  },
  { name: "HTTP/1.0 without a host", bytes: "GET / HTTP/1.0\r\n\r\n", forwards: ["GET /||"] },
  { name: "an empty line in front", bytes: `\r\n${GET}\r\n`, forwards: ["GET /|a.test|"] },
  {
    name: "pipelined requests",
    bytes: `${GET}\r\n${POST}Content-Length: 2\r\n\r\nhi${GET}\r\n`,
    forwards: ["GET /|a.test|", "POST /|a.test|hi", "GET /|a.test|"],
  },
  {
    name: "an empty line between pipelined requests",
    bytes: `${POST}Content-Length: 2\r\n\r\nhi\r\n${GET}\r\n`,
    forwards: ["POST /|a.test|hi", "GET /|a.test|"],
  },
  {
    name: "a request behind one that closes",
    bytes: `${GET}Connection: close\r\n\r\n${GET}\r\n`,
    forwards: ["GET /|a.test|"],
  },
  {
    name: "a request behind one of HTTP/1.0",
    bytes: `GET / HTTP/1.0\r\n${HOST}\r\n${GET}\r\n`,
    forwards: ["GET /|a.test|"],
  },
  {
    name: "a length with zeros in front",
    bytes: `${POST}Content-Length: 002\r\n\r\nhi`,
    forwards: ["POST /|a.test|hi"],
    fields: { "content-length": "2" },
  },
  {
    name: "a length between blanks",
    bytes: `${POST}Content-Length: \t2 \r\n\r\nhi`,
    forwards: ["POST /|a.test|hi"],
    fields: { "content-length": "2" },
  },
  {
    name: "a length of nothing",
    bytes: `${POST}Content-Length: 0\r\n\r\n`,
    forwards: ["POST /|a.test|"],
    fields: { "content-length": "0" },
  },
  {
    name: "POST without a length",
    bytes: `${POST}\r\n`,
    forwards: ["POST /|a.test|"],
    fields: { "content-length": "0" },
  },
  {
    name: "GET with a length of nothing",
    bytes: `${GET}Content-Length: 0\r\n\r\n`,
    forwards: ["GET /|a.test|"],
    fields: { "content-length": null },
  },
  {
    name: "GET with a body",
    bytes: `${GET}Content-Length: 2\r\n\r\nhi`,
    forwards: ["GET /|a.test|hi"],
    fields: { connection: "close" },
  },
  {
    name: "chunks",
    bytes: `${CHUNKED}5\r\nhello\r\nA;a=b;c="d"\r\n0123456789\r\n0\r\n\r\n`,
    forwards: ["POST /|a.test|hello0123456789"],
    fields: { "transfer-encoding": "chunked", "content-length": null },
  },
  {
    name: "chunks in odd case and with zeros",
    bytes: `${POST}tRANSFER-eNCODING: cHUNKED\r\n\r\n00000000000a\r\n0123456789\r\n00\r\n\r\n`,
    forwards: ["POST /|a.test|0123456789"],
    fields: { "transfer-encoding": "chunked" },
  },
  {
    name: "a blank before an extension",
    bytes: `${CHUNKED}2 ; a\r\nhi\r\n0;b\r\n\r\n`,
    forwards: ["POST /|a.test|hi"],
  },
  {
    name: "a chunk that looks like a request",
    bytes: `${CHUNKED}${GET.length.toString(16)}\r\n${GET}\r\n0\r\n\r\n`,
    forwards: [`POST /|a.test|${GET}`],
  },
  {
    name: "trailers, without what only a head may say",
    bytes: `${CHUNKED}2\r\nhi\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\nHost: b\r\nAuthorization: x\r\nL5d-Client-Id: y\r\nTransfer-Encoding: chunked\r\nContent-Type: z\r\n\r\n`,
    forwards: ["POST /|a.test|hi"],
    trailers: ["x-sum"],
  },
  {
    name: "fields that concern one connection only",
    bytes: `${GET}${HOPS}\r\n`,
    forwards: ["GET /|a.test|"],
    fields: {
      "x-own": null,
      "keep-alive": null,
      "proxy-connection": null,
      connection: null,
      authorization: "2",
    },
  },
  {
    name: "headers of the mesh that it did not write",
    bytes: `${GET}l5d-client-id: me\r\nL5D-Orig-Proto: HTTP/1.0\r\nl5d-proxy-error: x\r\nbunkerd-not-delivered: 1\r\nl5d-dst-canonical: kept\r\n\r\n`,
    forwards: ["GET /|a.test|"],
    fields: { "l5d-orig-proto": null, "l5d-proxy-error": null, "bunkerd-not-delivered": null },
  },
  {
    name: "x_y beside x-y",
    bytes: `${GET}x_y: 1\r\nx-y: 2\r\n\r\n`,
    forwards: ["GET /|a.test|"],
    fields: { x_y: "1", "x-y": "2" },
  },
  {
    name: "h2c",
    bytes: `${GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n`,
    forwards: ["GET /|a.test|"],
    fields: { upgrade: null, "http2-settings": null },
  },
  {
    name: "an upgrade with a body",
    bytes: `${POST}Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi`,
    forwards: ["POST /|a.test|hi"],
    fields: { upgrade: null },
  },
  {
    name: "an upgrade that Connection does not name",
    bytes: `${GET}Upgrade: websocket\r\n\r\n`,
    forwards: ["GET /|a.test|"],
    fields: { upgrade: null },
  },
  {
    name: "a request behind an upgrade that is answered 200",
    bytes: `${GET}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n${GET}\r\n`,
    forwards: ["GET /|a.test|", "GET /|a.test|"],
  },
  {
    name: "100-continue",
    bytes: `${POST}Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi`,
    forwards: ["POST /|a.test|hi"],
    fields: { expect: "100-Continue" },
  },
  {
    name: "values with blanks, tabs and bytes beyond ASCII",
    bytes: `${GET}X: \t a \t b \xe9 \t\r\nY:\r\n\r\n`,
    forwards: ["GET /|a.test|"],
    fields: { x: "a \t b \xe9", y: "" },
  },
  {
    name: "a method of 32 bytes",
    bytes: `${"M".repeat(32)} / HTTP/1.1\r\n${HOST}\r\n`,
    forwards: [`${"M".repeat(32)} /|a.test|`],
  },
  {
    name: "99 fields beside the host",
    bytes: `${GET}${"X: y\r\n".repeat(99)}\r\n`,
    forwards: ["GET /|a.test|"],
  },
  {
    name: "a field of 16 KiB",
    bytes: `${GET}X: ${"x".repeat(16 * 1024 - 3)}\r\n\r\n`,
    forwards: ["GET /|a.test|"],
  },
  {
    name: "a body that is not there",
    bytes: `${POST}Content-Length: 10\r\n\r\nhi`,
    forwards: [],
    status: 0,
  },
  { name: "a head that is not there", bytes: GET, forwards: [], status: 0 },
];
