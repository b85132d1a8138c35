import { describe, expect, test } from "bun:test";
import { ParsedFields } from "./field-parser.ts";
import { parseRequest } from "./head-parser.ts";
import { settleUpgrade } from "./upgrade.ts";

function settle(lines: string, how: { hasBody?: boolean; version?: string } = {}) {
  const text = `GET / ${how.version ?? "HTTP/1.1"}\r\nhost: a\r\n${lines}\r\n\r\n`;
  const fields = new ParsedFields();
  const head = parseRequest(Buffer.from(text), 0, text.length, fields);
  const upgrades = settleUpgrade(head, fields, how.hasBody ?? false);
  return { upgrades, upgrade: head.headers.get("upgrade"), names: head.headers.names };
}

const CONNECTION = "connection: keep-alive, Upgrade";

describe("settleUpgrade()", () => {
  test("keeps what may be switched to", () => {
    expect(settle(`${CONNECTION}\r\nupgrade: websocket`)).toMatchObject({
      upgrades: true,
      upgrade: "websocket",
    });
    const several = settle(`${CONNECTION}\r\nupgrade: a, h2c\r\nupgrade: b`);
    expect(several).toMatchObject({ upgrades: true, upgrade: "a, b" });
  });

  test.each([
    ["h2c", `${CONNECTION}, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAA`, {}],
    ["HTTP/2.0", `${CONNECTION}\r\nupgrade: HTTP/2.0`, {}],
    ["what Connection does not name", "connection: x-upgrade\r\nupgrade: websocket", {}],
    ["no Connection", "upgrade: websocket", {}],
    ["a body", `${CONNECTION}\r\nupgrade: websocket`, { hasBody: true }],
    ["HTTP/1.0", `${CONNECTION}\r\nupgrade: websocket`, { version: "HTTP/1.0" }],
  ])("ignores and removes %s", (_, lines, how) => {
    const { upgrades, names } = settle(lines, how);
    expect(upgrades).toBe(false);
    expect(names).not.toContain("upgrade");
    expect(names).not.toContain("http2-settings");
  });

  test("leaves a request alone that asks for none", () => {
    expect(settle("a: b")).toMatchObject({ upgrades: false, names: ["a"] });
  });
});
