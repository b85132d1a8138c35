import { expect, test } from "bun:test";
import { answerFrame, FRAME_LIMIT_BYTES, FrameReader, frame, readRequestFrame } from "./wire.ts";

test("FrameReader gathers a frame from any chunks", () => {
  const whole = frame("hé");
  expect([...whole]).toEqual([0, 0, 0, 3, 104, 195, 169]);
  for (let cut = 0; cut <= whole.length; cut++) {
    const reader = new FrameReader();
    const first = reader.push(whole.subarray(0, cut));
    const found = first ?? reader.push(whole.subarray(cut));
    expect(new TextDecoder().decode(found)).toBe("hé");
  }
});

test("FrameReader refuses a frame over its limit before it has come", () => {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, FRAME_LIMIT_BYTES + 1);
  expect(() => new FrameReader().push(length)).toThrow("more than 1048576 are not taken");
});

test("answerFrame() carries what goes to stdout as JSON, and never more than a frame", () => {
  const read = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes.slice(4)));
  expect(read(answerFrame({ exit: 0, stdout: { a: 1 }, log: "x" }))).toEqual({
    exit: 0,
    stdout: { a: 1 },
    log: "x",
  });
  const long = answerFrame({ exit: 0, stdout: "a".repeat(FRAME_LIMIT_BYTES), log: "" });
  expect(read(long)).toMatchObject({ exit: 1, stdout: { code: 11 } });
});

test("readRequestFrame() takes a request and nothing else", () => {
  const read = (text: string) => readRequestFrame(new TextEncoder().encode(text));
  const request = {
    version: 1,
    command: "ADD",
    containerId: "c",
    netns: "/n",
    ifname: "eth0",
    args: "",
    path: "",
    config: "{}",
  };
  expect(read(JSON.stringify(request))).toEqual(request);
  expect(() => read(JSON.stringify({ ...request, path: 1 }))).toThrow("it has no path");
  expect(() => read(JSON.stringify({ ...request, version: "1" }))).toThrow("it has no version");
  expect(() => read("null")).toThrow("it has no command");
  expect(() => read("{")).toThrow();
});
