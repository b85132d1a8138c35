import { describe, expect, test } from "bun:test";
import { HTTP2_DEFAULTS } from "./http2-options.ts";
import { decodeSettings, encodeSettings, greeting, SettingId } from "./settings.ts";

describe("decodeSettings()", () => {
  test("reads what encodeSettings() wrote", () => {
    const settings: [number, number][] = [
      [SettingId.MAX_FRAME_SIZE, 16_384],
      [77, 2 ** 32 - 1],
    ];
    expect(decodeSettings(encodeSettings(settings))).toEqual(settings);
  });

  test.each([
    [SettingId.ENABLE_PUSH, 2],
    [SettingId.ENABLE_CONNECT_PROTOCOL, 2],
    [SettingId.MAX_FRAME_SIZE, 16_383],
    [SettingId.MAX_FRAME_SIZE, 2 ** 24],
    [SettingId.INITIAL_WINDOW_SIZE, 2 ** 31],
  ])("refuses setting %i of %i", (id, value) => {
    expect(() => decodeSettings(encodeSettings([[id, value]]))).toThrow("Cannot use");
  });

  test("refuses a broken length", () => {
    expect(() => decodeSettings(Buffer.alloc(5))).toThrow("Cannot read settings");
  });
});

test("greeting() grants what the options say", () => {
  const of = (role: "client" | "server") =>
    new Map(decodeSettings(greeting({ ...HTTP2_DEFAULTS, role, nowMs: 0 })));
  expect(of("client").get(SettingId.ENABLE_PUSH)).toBe(0);
  expect(of("server").get(SettingId.MAX_CONCURRENT_STREAMS)).toBe(
    HTTP2_DEFAULTS.maxConcurrentStreams,
  );
  expect(of("server").get(SettingId.INITIAL_WINDOW_SIZE)).toBe(65_535);
  expect(of("server").has(SettingId.MAX_FRAME_SIZE)).toBe(false);
  const larger = greeting({ ...HTTP2_DEFAULTS, maxFrameBytes: 20_000, role: "server", nowMs: 0 });
  expect(decodeSettings(larger)).toContainEqual([SettingId.MAX_FRAME_SIZE, 20_000]);
});
