import { describe, expect, test } from "bun:test";
import { FrameWriter } from "./frame-writer.ts";
import { HTTP2_DEFAULTS } from "./http2-options.ts";
import { ReceiveWindows } from "./receive-windows.ts";
import { DEFAULT_WINDOW_BYTES } from "./sender.ts";
import { Http2Stream } from "./stream.ts";

describe("ReceiveWindows", () => {
  test("credits in halves and breaks off what exceeds a window", () => {
    const writer = new FrameWriter();
    const options = { ...HTTP2_DEFAULTS, role: "server", nowMs: 0 } as const;
    const windows = new ReceiveWindows(writer, {
      ...options,
      streamWindowBytes: 10,
      connectionWindowBytes: 0,
    });
    windows.open();
    windows.onConnection(30_000);
    expect(writer.out.length).toBe(0);
    windows.onConnection(30_000);
    expect(writer.out.length).toBe(13);
    expect(() => windows.onConnection(65_536)).toThrow("connection's window");
    const stream = new Http2Stream(1, 0);
    windows.onStream(stream, 4);
    windows.credit(stream);
    expect(stream.received).toBe(4);
    windows.onStream(stream, 1);
    windows.credit(stream);
    expect(stream.received).toBe(0);
    windows.onStream(stream, 11);
    stream.received = 0;
    windows.settled = true;
    windows.onStream(stream, 10);
    expect(() => windows.onStream(stream, 1)).toThrow("stream's window");
    windows.settled = false;
    expect(() => windows.onStream(stream, DEFAULT_WINDOW_BYTES)).toThrow("stream's window");
  });
});
