/** Responses, good and bad, and what their client gets. */

import type { ResponseVector } from "./vector.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const BAD = ["502|"];

const refused: readonly (readonly [name: string, bytes: string])[] = [
  ["no status", "HTTP/1.1\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["a status of letters", "HTTP/1.1 abc OK\r\n\r\n"],
  ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n"],
  ["a signed status", "HTTP/1.1 +20 OK\r\n\r\n"],
  ["two blanks before the status", "HTTP/1.1  200 OK\r\n\r\n"],
  ["a tab before the status", "HTTP/1.1\t200 OK\r\n\r\n"],
  ["HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n"],
  ["HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"],
  ["http in lower case", "http/1.1 200 OK\r\n\r\n"],
  ["another protocol", "ICY 200 OK\r\n\r\n"],
  ["no first line", "\r\n\r\n"],
  ["an empty line in front", `\r\n${OK}Content-Length: 0\r\n\r\n`],
  ["a control character in the reason", "HTTP/1.1 200 O\x01K\r\n\r\n"],
  ["LF for CRLF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
  ["a NUL in a value", `${OK}X: a\0b\r\nContent-Length: 0\r\n\r\n`],
  ["a CR in a value", `${OK}X: a\rb\r\nContent-Length: 0\r\n\r\n`],
  ["a folded line", `${OK}X: a\r\n b\r\nContent-Length: 0\r\n\r\n`],
  ["a blank before a colon", `${OK}X : a\r\nContent-Length: 0\r\n\r\n`],
  ["no name", `${OK}: a\r\nContent-Length: 0\r\n\r\n`],
  ["length and coding", `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["coding and length", `${OK}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n`],
  ["two lengths", `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`],
  ["two lengths that differ", `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi`],
  ["a list of lengths", `${OK}Content-Length: 2, 2\r\n\r\nhi`],
  ["a signed length", `${OK}Content-Length: +2\r\n\r\nhi`],
  ["a length of nothing", `${OK}Content-Length:\r\n\r\nhi`],
  ["a hexadecimal length", `${OK}Content-Length: 0x2\r\n\r\nhi`],
  ["another coding", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["two codings", `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["a coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a coding with an underscore", `${OK}Transfer_Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["a switch that nobody asked for", "HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\nraw"],
  ["101 fields", `${OK}${"X: y\r\n".repeat(101)}\r\n`],
  ["a field over its limit", `${OK}X: ${"x".repeat(16 * 1024)}\r\n\r\n`],
  ["a head over its limit", `${OK}${`X: ${"x".repeat(16_000)}\r\n`.repeat(5)}\r\n`],
];

const broken: readonly (readonly [name: string, body: string])[] = [
  ["0x in a size", "0x2\r\nhi\r\n0\r\n\r\n"],
  ["a blank before a size", " 2\r\nhi\r\n0\r\n\r\n"],
  ["LF behind a size", "2\nhi\r\n0\r\n\r\n"],
  ["more data than size", "2\r\nhi!\r\n0\r\n\r\n"],
  ["no CRLF behind data", "2\r\nhi0\r\n\r\n"],
  ["a word behind the last chunk", "2\r\nhi\r\n0\r\nx\r\n\r\n"],
  ["a NUL in an extension", "2;\0\r\nhi\r\n0\r\n\r\n"],
];

/** Codings that a body has and a client sees. */
const chunked = (text: string): string => `${OK}Transfer-Encoding: chunked\r\n\r\n${text}`;

export const RESPONSES: readonly ResponseVector[] = [
  ...refused.map(([name, bytes]) => ({ name: `a response with ${name}`, bytes, gets: BAD })),
  ...broken.map(([name, body]) => ({
    name: `a response with ${name}`,
    bytes: chunked(`1\r\nx\r\n${body}`),
    gets: ["broken"],
  })),
  { name: "nothing", bytes: "", after: "end", gets: BAD },
  { name: "half a head", bytes: `${OK}X: `, after: "end", gets: BAD },
  { name: "a reset", bytes: "", after: "reset", gets: BAD },
  { name: "a length", bytes: `${OK}Content-Length: 2\r\n\r\nhi`, gets: ["200|hi"] },
  {
    name: "a length with zeros in front",
    bytes: `${OK}Content-Length: 02\r\n\r\nhi`,
    gets: ["200|hi"],
    fields: { "content-length": "2" },
  },
  { name: "chunks", bytes: chunked("1;x=y\r\nh\r\n1\r\ni\r\n0\r\n\r\n"), gets: ["200|hi"] },
  { name: "no reason", bytes: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", gets: ["200|"] },
  {
    name: "a reason beyond ASCII",
    bytes: "HTTP/1.1 200 \xe9\r\nContent-Length: 0\r\n\r\n",
    gets: ["200|"],
  },
  { name: "a body to the end", bytes: `${OK}\r\nhi`, after: "end", gets: ["200|hi"] },
  { name: "no body to the end", bytes: `${OK}\r\n`, after: "end", gets: ["200|"] },
  {
    name: "HTTP/1.0 to the end",
    bytes: "HTTP/1.0 200 OK\r\n\r\nhi",
    after: "end",
    gets: ["200|hi"],
  },
  { name: "a body that a reset ends", bytes: `${OK}\r\nhi`, after: "reset", gets: ["broken"] },
  {
    name: "fewer bytes than its length",
    bytes: `${OK}Content-Length: 5\r\n\r\nhi`,
    after: "end",
    gets: ["broken"],
  },
  { name: "chunks that do not end", bytes: chunked("2\r\nhi\r\n"), after: "end", gets: ["broken"] },
  {
    name: "more bytes than its length",
    bytes: `${OK}Content-Length: 2\r\n\r\nhi there`,
    gets: ["200|hi"],
  },
  {
    name: "another response behind it",
    bytes: `${OK}Content-Length: 2\r\n\r\nhi${OK}Content-Length: 6\r\n\r\nforged`,
    gets: ["200|hi"],
  },
  {
    name: "another response behind chunks",
    bytes: chunked(`2\r\nhi\r\n0\r\n\r\n${OK}Content-Length: 6\r\n\r\nforged`),
    gets: ["200|hi"],
  },
  {
    name: "HEAD",
    method: "HEAD",
    bytes: `${OK}Content-Length: 2\r\n\r\n`,
    gets: ["200|"],
    fields: { "content-length": "2" },
  },
  {
    name: "HEAD with a body",
    method: "HEAD",
    bytes: `${OK}Content-Length: 2\r\n\r\nhi`,
    gets: ["200|"],
  },
  {
    name: "HEAD with a coding",
    method: "HEAD",
    bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n`,
    gets: ["200|"],
  },
  {
    name: "HEAD with length and coding",
    method: "HEAD",
    bytes: `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`,
    gets: BAD,
  },
  { name: "204", bytes: "HTTP/1.1 204 None\r\n\r\n", gets: ["204|"] },
  {
    name: "204 with a length and a body",
    bytes: "HTTP/1.1 204 None\r\nContent-Length: 2\r\n\r\nhi",
    gets: ["204|"],
    fields: { "content-length": null },
  },
  {
    name: "304 with a length",
    bytes: "HTTP/1.1 304 Same\r\nContent-Length: 2\r\n\r\n",
    gets: ["304|"],
  },
  {
    name: "304 with a body",
    bytes: "HTTP/1.1 304 Same\r\nContent-Length: 2\r\n\r\nhi",
    gets: ["304|"],
  },
  {
    name: "informational responses",
    bytes: `HTTP/1.1 103 Hints\r\nLink: a\r\nContent-Length: 5\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n${OK}Content-Length: 2\r\n\r\nhi`,
    gets: ["103|", "102|", "200|hi"],
  },
  {
    name: "32 informational responses",
    bytes: `${"HTTP/1.1 102 Wait\r\n\r\n".repeat(32)}${OK}Content-Length: 0\r\n\r\n`,
    gets: [...Array.from({ length: 32 }, () => "102|"), "200|"],
  },
  {
    name: "33 informational responses",
    bytes: `${"HTTP/1.1 102 Wait\r\n\r\n".repeat(33)}${OK}\r\n`,
    gets: [...Array.from({ length: 32 }, () => "102|"), "502|"],
  },
  {
    name: "an upgrade that is made",
    method: "UPGRADE",
    bytes: "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw",
    after: "end",
    gets: ["101|", "raw"],
  },
  {
    name: "an upgrade that is not",
    method: "UPGRADE",
    bytes: `${OK}Content-Length: 2\r\n\r\nhi`,
    gets: ["200|hi"],
  },
  {
    name: "fields that concern one connection only",
    bytes: `${OK}Connection: X-Own, set-cookie\r\nX-Own: 1\r\nKeep-Alive: 2\r\nSet-Cookie: 3\r\nContent-Length: 0\r\n\r\n`,
    gets: ["200|"],
    fields: { "x-own": null, "keep-alive": null, "set-cookie": "3" },
  },
  {
    name: "headers of the mesh that it did not write",
    bytes: `${OK}l5d-proxy-error: x\r\nL5d-Proxy-Connection: close\r\nbunkerd-not-delivered: 1\r\nContent-Length: 0\r\n\r\n`,
    gets: ["200|"],
    fields: {
      "l5d-proxy-error": null,
      "l5d-proxy-connection": null,
      "bunkerd-not-delivered": null,
    },
  },
  {
    name: "trailers, without what only a head may say",
    bytes: chunked("2\r\nhi\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\nSet-Cookie: a\r\n\r\n"),
    gets: ["200|hi"],
  },
];
