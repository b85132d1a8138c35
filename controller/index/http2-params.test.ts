import { expect, test } from "bun:test";
import { readHttp2Params } from "./http2-params.ts";

test("DST4: readHttp2Params() reads the message's fields", () => {
  expect(readHttp2Params("")).toBeUndefined();
  const alive = {
    interval: { seconds: 10 },
    timeout: { seconds: 3, nanos: 5e8 },
    while_idle: true,
  };
  expect(readHttp2Params(JSON.stringify({ keep_alive: alive }))).toEqual({
    flowControl: undefined,
    keepAlive: { intervalMs: 10_000, timeoutMs: 3500, whileIdle: true },
    internals: undefined,
  });
  const flow = { initial_stream_window_size: 65_535, initial_connection_window_size: 1_048_576 };
  const internals = { max_frame_size: 16_384 };
  expect(readHttp2Params(JSON.stringify({ flow_control: flow, internals }))).toEqual({
    flowControl: { connectionWindow: 1_048_576, streamWindow: 65_535, adaptive: false },
    keepAlive: undefined,
    internals: { maxConcurrentResetStreams: 0, maxFrameSize: 16_384, maxSendBufSize: 0 },
  });
});

test.each([
  ["{", "parameters is no object"],
  ['{"keepAlive":{}}', "parameters.keepAlive is not known"],
  ['{"keep_alive":{"interval":{"seconds":1}}}', "parameters.keep_alive.timeout is missing"],
  ['{"flow_control":{"adaptive_flow_control":1}}', "is neither true nor false"],
])("DST4: readHttp2Params(%p) is refused", (text, why) => {
  expect(() => readHttp2Params(text)).toThrow(why);
});
