import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteWriter } from "#lib/bytes/byte-writer.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { passTick } from "../../test/fake/byte-stream.ts";
import { type AccessEntry, type AccessLogFormat, accessLine, accessWriter } from "./access-log.ts";

const entry = (
  request: Partial<RequestHead> = {},
  over: Partial<AccessEntry> = {},
): AccessEntry => ({
  client: "10.42.0.63:51160",
  clientId: "traffic.booksapp",
  status: 200,
  responseBytes: "19627",
  wallMs: Date.UTC(2022, 7, 23, 20, 33, 42, 321),
  totalMs: 14.441135,
  processingMs: 0.039826,
  ...over,
  request: {
    ...{ method: "GET", scheme: "", authority: "webapp:7000", path: "/a?b", protocol: "" },
    version: "HTTP/2",
    headers: new HeaderList(),
    ...request,
  },
});

const LINES = { apache: accessLine("apache"), json: accessLine("json") };

function formatAccess(format: AccessLogFormat, of: AccessEntry): string {
  const out = new ByteWriter();
  LINES[format](out, of);
  const text = out.view().toString("latin1");
  out.clear();
  return text;
}

test("P53: a line in Apache's form says who asked what, when, and how it was answered", () => {
  expect(formatAccess("apache", entry())).toBe(
    '10.42.0.63:51160 traffic.booksapp - [2022-08-23T20:33:42.321000000Z] "GET http://webapp:7000/a?b HTTP/2.0" 200 -',
  );
  expect(formatAccess("apache", entry({ version: "HTTP/1.1" }, { clientId: undefined }))).toBe(
    '10.42.0.63:51160 - - [2022-08-23T20:33:42.321000000Z] "GET http://webapp:7000/a?b HTTP/1.1" 200 -',
  );
});

test("P53: a line as JSON says lengths, times, trace and agent too", () => {
  const headers = HeaderList.of(
    ["content-length", "5"],
    ["user-agent", 'curl "7"'],
    ["x-amzn-trace-id", "Root=1"],
    ["x-request-id", "r-1"],
  );
  expect(JSON.parse(formatAccess("json", entry({ headers })))).toEqual({
    "client.addr": "10.42.0.63:51160",
    "client.id": "traffic.booksapp",
    host: "webapp:7000",
    method: "GET",
    processing_ns: "39826",
    request_bytes: "5",
    response_bytes: "19627",
    status: 200,
    timestamp: "2022-08-23T20:33:42.321000000Z",
    total_ns: "14441135",
    trace_id: "r-1",
    uri: "http://webapp:7000/a?b",
    user_agent: 'curl "7"',
    version: "HTTP/2.0",
  });
  const bare = formatAccess("json", entry({}, { clientId: undefined, responseBytes: undefined }));
  expect(JSON.parse(bare)).toMatchObject({
    ...{ "client.id": "-", request_bytes: "", response_bytes: "", trace_id: "", user_agent: "" },
  });
});

test("accessWriter() writes lines where there is a format, those of a turn together", async () => {
  const written: string[] = [];
  const write = (lines: string): void => void written.push(lines);
  const access = accessWriter("apache", write);
  access?.(entry());
  access?.(entry({ path: "/b" }));
  await passTick();
  const lines = [entry(), entry({ path: "/b" })].map((each) => formatAccess("apache", each));
  expect(written).toEqual([lines.join("\n")]);
  expect(accessWriter(undefined, write)).toBeUndefined();
});

test("P53: whatever differs from the line before is written anew", () => {
  const word = fc.constantFrom("", "a", "b", '"');
  const some = fc.record({
    ...{ client: word, clientId: fc.option(word, { nil: undefined }), authority: word },
    ...{ method: fc.constantFrom("GET", "CONNECT"), path: word, agent: word, trace: word },
    ...{ requestBytes: word, responseBytes: fc.option(word, { nil: undefined }) },
    ...{ status: fc.constantFrom(200, 503), wallMs: fc.constantFrom(0, 0.5, 1, 1000) },
    ...{ totalMs: fc.constantFrom(0, 1.5, 4000), processingMs: fc.constantFrom(0, 0.25) },
    version: fc.constantFrom("HTTP/1.1" as const, "HTTP/2" as const),
  });
  fc.assert(
    fc.property(fc.array(some, { minLength: 2, maxLength: 6 }), (all) => {
      const line = accessLine("json");
      for (const { authority, method, path, agent, trace, requestBytes, version, ...of } of all) {
        const fields = {
          "user-agent": agent,
          "x-request-id": trace,
          "content-length": requestBytes,
        };
        const headers = HeaderList.of(...Object.entries(fields));
        const out = new ByteWriter();
        line(out, entry({ authority, method, path, version, headers }, of));
        const text = out.view().toString("latin1");
        out.clear();
        expect(text).toBe(
          JSON.stringify({
            ...{
              "client.addr": of.client,
              "client.id": of.clientId ?? "-",
              host: authority,
              method,
            },
            processing_ns: String(of.processingMs * 1e6),
            ...{ request_bytes: requestBytes, response_bytes: of.responseBytes ?? "" },
            status: of.status,
            timestamp: `1970-01-01T00:00:0${of.wallMs === 1000 ? "1.000" : `0.00${Math.floor(of.wallMs)}`}000000Z`,
            total_ns: String(of.totalMs * 1e6),
            trace_id: trace,
            uri: method === "CONNECT" ? authority : `http://${authority}${path}`,
            ...{ user_agent: agent, version: version === "HTTP/2" ? "HTTP/2.0" : version },
          }),
        );
      }
    }),
  );
});

test("P53: a tunnel's line has the address that was asked for", () => {
  expect(formatAccess("apache", entry({ method: "CONNECT", path: "" }))).toContain(
    '"CONNECT webapp:7000 HTTP/2.0"',
  );
});

test("nothing that a client sends ends its quotes or its line", () => {
  const line = formatAccess("apache", entry({ path: '/" 200 -\n10.0.0.1 \u009b\\' }));
  expect(line).toContain('/\\u0022 200 -\\u000a10.0.0.1 \\u009b\\u005c HTTP/2.0" 200 -');
  expect(line.match(/"/g)).toHaveLength(2);
  const json = formatAccess("json", entry({ path: '/"\n' }));
  expect(json.includes("\n")).toBe(false);
});

test("P53: lines of the same second and of others have their own times", () => {
  const at = (...time: readonly [number, number, number]): string =>
    JSON.parse(formatAccess("json", entry({}, { wallMs: Date.UTC(2022, 7, 23, ...time) + 0.9 })))
      .timestamp as string;
  const shown = [at(20, 33, 42), at(20, 33, 42), at(20, 33, 43), at(20, 33, 42)];
  expect(shown).toEqual(
    ["42", "42", "43", "42"].map((second) => `2022-08-23T20:33:${second}.000000000Z`),
  );
});

test("P53: every text that may come is written as JSON has it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (agent) => {
      const headers = HeaderList.of(["user-agent", agent], ["x-request-id", agent]);
      const line = formatAccess("json", entry({ headers, path: agent }));
      expect(line).not.toContain("\n");
      expect(JSON.parse(line)).toMatchObject({
        ...{ user_agent: agent, trace_id: agent, uri: `http://webapp:7000${agent}` },
      });
    }),
  );
});
