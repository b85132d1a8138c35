import { expect, test } from "bun:test";
import fc from "fast-check";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { type AccessEntry, accessWriter, formatAccess } from "./access-log.ts";

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

test("accessWriter() writes lines where there is a format", () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  accessWriter("apache", write)?.(entry());
  expect(lines).toEqual([formatAccess("apache", entry())]);
  expect(accessWriter(undefined, write)).toBeUndefined();
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
