import { afterAll, beforeAll, expect, test } from "bun:test";
import { exchange, HttpBed, WAYS } from "../conformance/http1/bed.ts";
import { until } from "../fake/mesh.ts";
import { Bystander } from "./http1-attack.ts";

const bed = new HttpBed();
beforeAll(() => bed.start());
afterAll(() => bed.stop());

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS = "\0\0\0\x04\0\0\0\0\0";
const RST_STREAM = 3;

/** A literal without indexing and without Huffman's code (RFC 7541 §6.2.2); `name` may be an index into the static table. */
const literal = (name: string | number, value: string): string => {
  const start = typeof name === "number" ? String.fromCharCode(name) : `\0${text(name)}`;
  return start + text(value);
};
const text = (value: string): string => String.fromCharCode(value.length) + value;

/** `:method: GET`, `:scheme: http`, a path and an authority, and more. */
const request = (path: string, authority: string, ...more: readonly string[]): string => {
  const block = `\x82\x86${literal(4, path)}${literal(1, authority)}${more.join("")}`;
  return `\0\0${String.fromCharCode(block.length)}\x01\x05\0\0\0\x01${block}`;
};

/** The types of the frames that a server sent. */
function frameTypes(answer: string): number[] {
  const bytes = Buffer.from(answer, "latin1");
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3))
    types.push(bytes[at + 3] ?? 0);
  return types;
}

test.each(WAYS)(
  "A38 never writes CR, LF or NUL of an HTTP/2 client into HTTP/1, %s",
  async (way) => {
    const smuggled = "x\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
    const attacks = [
      request("/", "a.test", literal("x-a", smuggled)),
      request("/", "a.test", literal("x-a", "a\nb")),
      request("/", "a.test", literal("x-a", "a\0b")),
      request("/", "a.test", literal("x\r\nhost", "b")),
      request("/", "a.test", literal("x: y", "b")),
      request("/", "a.test", literal("transfer-encoding", "chunked")),
      request(`/ HTTP/1.1\r\nX: ${smuggled}`, "a.test"),
      request("/", `a.test\r\nX: ${smuggled}`),
    ];
    for (const attack of attacks) {
      bed.origin.take();
      const { answer } = await exchange(bed.port(way), PREFACE + SETTINGS + attack);
      expect(frameTypes(answer)).toContain(RST_STREAM);
      expect(bed.origin.take()).toEqual([]);
      // Another client is served, and the origin sees its request alone.
      const { forwarded, answer: other } = await bed.send(way, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      expect([forwarded.length, other.slice(0, 13)]).toEqual([1, "HTTP/1.1 200 "]);
    }
  },
);

test("A38 the same client's clean request arrives", async () => {
  bed.origin.take();
  const client = new Bystander(bed.port("inbound"));
  client.send(PREFACE + SETTINGS + request("/clean", "a.test", literal("x-a", "b")));
  // The application is asked in the version that it is called in: it sees the preface.
  await until(
    () => bed.origin.arrivals.some(({ text: arrived }) => arrived.startsWith("PRI * HTTP/2.0")),
    () => "the request does not arrive",
  );
  client.close();
});
