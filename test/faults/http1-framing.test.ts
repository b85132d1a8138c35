import { afterAll, beforeAll, test } from "bun:test";
import { HttpBed } from "../conformance/http1/bed.ts";
import { isRefused } from "./http1-attack.ts";

const bed = new HttpBed();
beforeAll(() => bed.start());
afterAll(() => bed.stop());

const HOST = "Host: a.test\r\n";
const POST = `POST / HTTP/1.1\r\n${HOST}`;
const SMUGGLED = `0\r\n\r\nGET /admin HTTP/1.1\r\n${HOST}\r\n`;
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

test("A1 refuses Content-Length and Transfer-Encoding together, in either order", async () => {
  const [length, coding] = ["Content-Length: 6\r\n", "Transfer-Encoding: chunked\r\n"];
  await isRefused(bed, `${POST}${length}${coding}\r\n${SMUGGLED}`, { status: 400 });
  await isRefused(bed, `${POST}${coding}${length}\r\n${SMUGGLED}`, { status: 400 });
});

test("A2 refuses two Content-Lengths that differ", async () => {
  await isRefused(bed, `${POST}Content-Length: 0\r\nContent-Length: 44\r\n\r\n${SMUGGLED}`, {
    status: 400,
  });
});

test("A3 refuses two Content-Lengths that are equal", async () => {
  await isRefused(bed, `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`, {
    status: 400,
  });
});

test("A4 refuses a Content-Length that is no plain number", async () => {
  const values = ["+3", "-1", "-0", "0x3", "1 0", "3, 4", "1_0", "", "18446744073709551616"];
  for (const value of values)
    await isRefused(bed, `${POST}Content-Length: ${value}\r\n\r\nabc`, {
      status: 400,
      ways: ["inbound"],
    });
  await isRefused(bed, `${POST}Content-Length: +3\r\n\r\nabc`, { status: 400 });
});

test("A5 refuses a Transfer-Encoding that is not chunked alone", async () => {
  const values = ["xchunked", "identity", "gzip", "chunked, identity", "chunked, chunked"];
  for (const value of [...values, "\x0bchunked", "chunked\0", "\r\n chunked"])
    await isRefused(bed, `${POST}Transfer-Encoding: ${value}\r\n\r\n${SMUGGLED}`, {
      status: [400, 501],
      ways: ["inbound"],
    });
  const doubled = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n";
  await isRefused(bed, `${POST}${doubled}\r\n${SMUGGLED}`, { status: 400 });
});

test("A6 refuses Transfer-Encoding in HTTP/1.0", async () => {
  await isRefused(bed, `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${SMUGGLED}`, {
    status: 400,
  });
});

test("A11 refuses chunk sizes that are no plain hexadecimal number", async () => {
  const sizes = ["0x5", "+5", "-5", "5_0", " 5", "5 ", "", "fffffffffffffffff"];
  for (const size of sizes)
    await isRefused(bed, `${CHUNKED}${size}\r\nhello\r\n${SMUGGLED}`, {
      status: 400,
      ways: ["inbound"],
    });
  await isRefused(bed, `${CHUNKED}0x5\r\nhello\r\n${SMUGGLED}`, { status: 400 });
});

test("A12 refuses chunk data that is longer or shorter than its size, or not followed by CRLF", async () => {
  for (const chunk of [
    "5\r\nhello!\r\n",
    "6\r\nhello\r\n",
    "5\r\nhello",
    "5\r\nhello\n",
    "5\r\nhello\r",
  ])
    await isRefused(bed, `${CHUNKED}${chunk}${SMUGGLED}`, { status: 400 });
});

test("A13 refuses bytes other than CRLF behind the last chunk", async () => {
  for (const tail of ["x\r\n\r\n", "\rx\r\n", "GET /admin HTTP/1.1\r\n\r\n", " \r\n\r\n"])
    await isRefused(bed, `${CHUNKED}5\r\nhello\r\n0\r\n${tail}`, { status: 400 });
});

test("A14 refuses bare LF, CR and NUL in a chunk's first line, and extensions over 4 KiB", async () => {
  for (const line of [
    "5\n",
    "5;a\n",
    "5;a\rb\r\n",
    "5;a\0\r\n",
    "5\r\r\n",
    `5;${"x".repeat(4096)}\r\n`,
  ])
    await isRefused(bed, `${CHUNKED}${line}hello\r\n${SMUGGLED}`, {
      status: 400,
      ways: ["inbound", "pair"],
    });
});

test("A19 refuses lines that end without CR", async () => {
  await isRefused(bed, "GET / HTTP/1.1\nHost: a.test\n\n", { status: 400 });
  await isRefused(bed, `GET / HTTP/1.1\r\n${HOST}X: y\n\r\n`, { status: 400 });
});
