import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { requestAttributes, spanName } from "./span.ts";

const head = (over: Partial<RequestHead> = {}): RequestHead => ({
  ...{ method: "GET", scheme: "http", authority: "example.com:80", path: "/foo?bar=baz" },
  ...{ version: "HTTP/1.1", protocol: "", headers: new HeaderList() },
  ...over,
});

test("P52: a span has the attributes of OpenTelemetry's conventions", () => {
  const headers = HeaderList.of(
    ["user-agent", "test"],
    ["content-length", "0"],
    ["content-type", "text/plain"],
    ["l5d-orig-proto", "HTTP/1.1"],
    ["authorization", "secret"],
  );
  expect(Object.fromEntries(requestAttributes(head({ headers })))).toEqual({
    "http.request.header.content-length": "0",
    "http.request.header.content-type": "text/plain",
    "http.request.header.l5d-orig-proto": "HTTP/1.1",
    "http.request.method": "GET",
    "network.transport": "tcp",
    "server.address": "example.com",
    "server.port": "80",
    "url.full": "http://example.com:80/foo?bar=baz",
    "url.path": "/foo",
    "url.query": "bar=baz",
    "url.scheme": "http",
    "user_agent.original": "test",
  });
  expect(spanName(head())).toBe("/foo");
});

test("P52: what a request does not say is left out, and no password is told", () => {
  const bare = requestAttributes(head({ scheme: "", authority: "", path: "/" }));
  expect(bare).toEqual([
    ["http.request.method", "GET"],
    ["url.path", "/"],
    ["url.full", "/"],
    ["network.transport", "tcp"],
  ]);
  const urlOf = (authority: string): unknown =>
    Object.fromEntries(requestAttributes(head({ authority, path: "/" })))["url.full"];
  expect(urlOf("me:secret@a.test")).toBe("http://REDACTED:REDACTED@a.test/");
  expect(urlOf("me@a.test")).toBe("http://REDACTED@a.test/");
  const forwarded = HeaderList.of(["x-forwarded-host", "[fd00::1]:8080"]);
  expect(Object.fromEntries(requestAttributes(head({ headers: forwarded })))).toMatchObject({
    ...{ "server.address": "[fd00::1]", "server.port": "8080" },
  });
});
