import { afterAll, beforeAll, expect, test } from "bun:test";
import { FIELD_LIMIT_BYTES, FIELDS_LIMIT } from "#lib/http1/field-parser.ts";
import { START_LINE_LIMIT_BYTES } from "#lib/http1/head-parser.ts";
import { HttpBed, type Outcome, WAYS } from "../conformance/http1/bed.ts";
import { field } from "../conformance/http1/messages.ts";
import { arrivals, isRefused, withBystander } from "./http1-attack.ts";

const bed = new HttpBed();
beforeAll(() => bed.start());
afterAll(() => bed.stop());

const HOST = "Host: a.test\r\n";
const GET = `GET / HTTP/1.1\r\n${HOST}`;

/** What arrives of bytes that are fine, however they go. */
async function arrive(
  bytes: string,
  check: (outcome: Outcome, way: string) => void,
): Promise<void> {
  for (const way of WAYS) check(await withBystander(bed, way, () => bed.send(way, bytes)), way);
}

test("A7 refuses blanks before a colon, in a name and before the first field", async () => {
  for (const line of ["X : y", "X\t: y", "X Y: z"])
    await isRefused(bed, `${GET}${line}\r\n\r\n`, { status: 400 });
  await isRefused(bed, `GET / HTTP/1.1\r\n ${HOST}\r\n`, { status: 400 });
});

test("A8 refuses folded lines", async () => {
  for (const folded of ["X: y\r\n z", "X: y\r\n\tz", "X:\r\n y"])
    await isRefused(bed, `${GET}${folded}\r\n\r\n`, { status: 400 });
});

test("A9 refuses CR, LF, NUL and other control characters in names and values", async () => {
  for (const byte of ["\r", "\n", "\0", "\x01", "\x0b", "\x1b", "\x7f"]) {
    await isRefused(bed, `${GET}X: a${byte}b\r\n\r\n`, { status: 400, ways: ["inbound"] });
    await isRefused(bed, `${GET}X${byte}Y: a\r\n\r\n`, { status: 400, ways: ["inbound"] });
  }
  await isRefused(bed, `${GET}X: a\0b\r\n\r\n`, { status: 400 });
});

test("A10 refuses a field without a name", async () => {
  await isRefused(bed, `${GET}: y\r\n\r\n`, { status: 400 });
});

test("A15 drops trailers that only a head may say, and merges none", async () => {
  const trailers =
    "Content-Length: 9\r\nTransfer-Encoding: chunked\r\nHost: b\r\nAuthorization: c\r\nContent-Type: d\r\nl5d-client-id: e\r\nX-Sum: f\r\n";
  const bytes = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${trailers}\r\n`;
  await arrive(bytes, ({ forwarded: [got] }) => {
    expect(got?.trailers).toEqual([["x-sum", "f"]]);
    for (const name of ["content-length", "authorization", "content-type"])
      expect(got?.fields.map(([each]) => each)).not.toContain(name);
  });
});

test("A16 refuses no Host, two Hosts, a list of them and one that is none", async () => {
  for (const lines of [
    "",
    HOST + HOST,
    "Host: a, b\r\n",
    "Host: a/b\r\n",
    "Host:\r\n",
    "Host: u@a\r\n",
  ])
    await isRefused(bed, `GET / HTTP/1.1\r\n${lines}\r\n`, { status: 400 });
});

test("A17 refuses an absolute form that Host contradicts, and forwards one authority where it does not", async () => {
  await isRefused(bed, `GET http://b.test/ HTTP/1.1\r\n${HOST}\r\n`, { status: 400 });
  await arrive(`GET http://A.test/ HTTP/1.1\r\n${HOST}\r\n`, ({ forwarded: [got] }) => {
    expect([got?.start, got && field(got, "host")]).toEqual([
      "GET http://A.test/ HTTP/1.1",
      "A.test",
    ]);
  });
});

test("A18 refuses other versions", async () => {
  for (const version of [" HTTP/1.9", " HTTP/9.9", " HTTP/2.0", ""])
    await isRefused(bed, `GET /${version}\r\n${HOST}\r\n`, { status: [400, 505] });
});

test("A20 refuses heads, fields and counts of fields over their limits, and none at them", async () => {
  const field16 = `X: ${"x".repeat(FIELD_LIMIT_BYTES - 3)}`;
  const fields = "X: y\r\n".repeat(FIELDS_LIMIT - 1);
  for (const lines of [`${field16}\r\n`, fields])
    await arrive(`${GET}${lines}\r\n`, (outcome) => expect(arrivals(outcome)).toEqual(["GET /"]));
  for (const lines of [`${field16}x\r\n`, `${fields}X: y\r\n`, `${field16}\r\n`.repeat(4)])
    await isRefused(bed, `${GET}${lines}\r\n`, { status: 431 });
});

test("A21 refuses a target over 8 KiB", async () => {
  const target = "x".repeat(START_LINE_LIMIT_BYTES - "GET / HTTP/1.1".length);
  await arrive(`GET /${target} HTTP/1.1\r\n${HOST}\r\n`, (outcome) =>
    expect(arrivals(outcome)).toEqual([`GET /${target}`]),
  );
  await isRefused(bed, `GET /${target}x HTTP/1.1\r\n${HOST}\r\n`, { status: 414 });
  await isRefused(bed, `GET /${"x".repeat(100_000)}`, { status: 414 });
});

test("A36 Connection takes away neither identity nor what policy goes by", async () => {
  const lines =
    "Connection: authorization, l5d-client-id, host, content-type, cookie, x-own\r\nAuthorization: 1\r\nContent-Type: 2\r\nCookie: 3\r\nX-Own: 4\r\n";
  await arrive(`${GET}${lines}\r\n`, ({ forwarded: [got] }, way) => {
    const names = got?.fields.map(([name]) => name) ?? [];
    expect(names).toEqual(
      expect.arrayContaining(["authorization", "content-type", "cookie", "host"]),
    );
    expect(names).not.toContain("x-own");
    expect(names.includes("l5d-client-id")).toBe(way === "pair");
  });
});

test("A37 strips the mesh's headers where others wrote them, before it sets its own", async () => {
  const lines =
    "l5d-client-id: admin\r\nL5D-Client-Id: admin\r\nl5d-orig-proto: HTTP/1.0\r\nl5d-proxy-connection: close\r\n";
  await arrive(`${GET}${lines}\r\n`, ({ forwarded: [got] }, way) => {
    const own = got?.fields.filter(([name]) => name.startsWith("l5d-")) ?? [];
    const client = "client.test.serviceaccount.identity.linkerd.cluster.local";
    expect(own).toEqual(way === "pair" ? [["l5d-client-id", client]] : []);
  });
});

test("A39 forwards a path as policy sees it, and refuses fragments, backslashes and blanks", async () => {
  for (const path of ["//", "/./a", "/../a", "/%2f", "/%2e%2e", "/%5c", "/;a", "/a;b/..;/c"])
    await arrive(`GET ${path} HTTP/1.1\r\n${HOST}\r\n`, (outcome) =>
      expect(arrivals(outcome)).toEqual([`GET ${path}`]),
    );
  for (const path of ["/a#b", "/a\\b", "/a b", "a"])
    await isRefused(bed, `GET ${path} HTTP/1.1\r\n${HOST}\r\n`, { status: 400 });
});

test("A40 keeps x_y and x-y apart, and refuses what would frame the message where they are not", async () => {
  await arrive(`${GET}x_y: 1\r\nx-y: 2\r\n\r\n`, ({ forwarded: [got] }) => {
    expect([got && field(got, "x_y"), got && field(got, "x-y")]).toEqual(["1", "2"]);
  });
  await isRefused(bed, `${GET}Content_Length: 5\r\n\r\nhello`, { status: 400 });
});

test("A41 refuses a method that is long, in lower case or has control characters", async () => {
  await isRefused(bed, `${"M".repeat(1024 * 1024)} / HTTP/1.1\r\n${HOST}\r\n`, {
    status: [400, 414, 501],
  });
  for (const method of ["M".repeat(33), "get", "GE\x01T", "G\0T"])
    await isRefused(bed, `${method} / HTTP/1.1\r\n${HOST}\r\n`, { status: [400, 501] });
});
