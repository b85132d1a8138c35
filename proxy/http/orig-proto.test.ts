import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import {
  carry,
  carryResponse,
  isCarriable,
  ORIG_PROTO,
  restoreRequest,
  restoreResponse,
} from "./orig-proto.ts";

const request = (over: Partial<RequestHead> = {}): RequestHead => ({
  method: "GET",
  scheme: "",
  authority: "web",
  path: "/",
  version: "HTTP/1.1",
  protocol: "",
  headers: new HeaderList(),
  ...over,
});

test.each([
  [{}, "HTTP/1.1"],
  [{ version: "HTTP/1.0" as const }, "HTTP/1.0"],
  [{ scheme: "http" }, "HTTP/1.1; absolute-form"],
])("HDR5, WIRE11: carry() and restoreRequest() are inverse: %p", (over, header) => {
  const head = request(over);
  carry(head);
  expect([head.version, head.headers.get(ORIG_PROTO)]).toEqual(["HTTP/2", header]);
  expect(restoreRequest(head)).toBe(true);
  expect(head).toEqual(request(over));
});

test("restoreRequest() leaves an HTTP/2 request alone", () => {
  expect(restoreRequest(request({ version: "HTTP/2" }))).toBe(false);
});

test("P14, WIRE11: isCarriable() refuses CONNECT, upgrades and what has no host", () => {
  expect(isCarriable(request())).toBe(true);
  expect(isCarriable(request({ authority: "", version: "HTTP/1.0" }))).toBe(false);
  expect(isCarriable(request({ method: "CONNECT" }))).toBe(false);
  expect(isCarriable(request({ headers: HeaderList.of(["upgrade", "websocket"]) }))).toBe(false);
});

test("P14, WIRE11, HDR5: carryResponse() and restoreResponse() are inverse", () => {
  for (const version of ["HTTP/1.0", "HTTP/1.1"] as const) {
    const head = { status: 200, version, headers: new HeaderList() } as Parameters<
      typeof carryResponse
    >[0];
    carryResponse(head);
    expect(head.version).toBe("HTTP/2");
    restoreResponse(head);
    restoreResponse(head);
    expect(head).toEqual({ status: 200, version, headers: new HeaderList() });
  }
});
