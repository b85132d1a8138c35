import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { Flag, FrameType } from "#lib/http2/frame.ts";
import { FrameReader } from "#lib/http2/frame-reader.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { encodeSettings, SettingId } from "#lib/http2/settings.ts";
import { FakePair, passTick } from "../../test/fake/byte-stream.ts";
import { RecordedAnswer } from "../../test/fake/driver-rig.ts";
import { frame, GET, Http2Rig, word } from "../../test/fake/http2-rig.ts";
import { connectHttp2 } from "./http2-client.ts";

const connectHead = (): RequestHead => ({
  ...GET,
  ...{ method: "CONNECT", protocol: "websocket", headers: new HeaderList() },
});
const TAKES_CONNECT = [SettingId.ENABLE_CONNECT_PROTOCOL, 1] as const;
/** Given back so that whoever sent it goes elsewhere with it. */
const TURNED_AWAY = { reason: "refused", code: ErrorCode.REFUSED_STREAM, unprocessed: true };

/** A client, extended CONNECTs that it withholds, and the streams that its server sees opened. */
async function withhold(count: number) {
  const pair = new FakePair();
  const opened: number[] = [];
  const reader = new FrameReader("server");
  const onFrame = ({
    type,
    streamId,
  }: {
    readonly type: number;
    readonly streamId: number;
  }): void => {
    if (type === FrameType.HEADERS) opened.push(streamId);
  };
  pair.b.handler = {
    onData: (chunk) => void reader.receive(Buffer.from(chunk), { onFrame }),
    ...{ onEnd: () => undefined, onDrain: () => undefined, onClose: () => undefined },
  };
  const observer = { onAvailable: () => undefined, onClosed: () => undefined };
  const client = connectHttp2(pair.a, observer, { now: () => 0 });
  const answers = Array.from({ length: count }, () => new RecordedAnswer());
  for (const answer of answers) client.send(connectHead(), false, answer);
  await pair.run();
  return { pair, opened, answers };
}

test("of extended CONNECTs that waited for a server's settings as many are opened as it takes", async () => {
  const { pair, opened, answers } = await withhold(3);
  expect(opened).toEqual([]);
  const settings = encodeSettings([TAKES_CONNECT, [SettingId.MAX_CONCURRENT_STREAMS, 2]]);
  pair.b.write(frame(FrameType.SETTINGS, 0, 0, settings));
  await pair.run();
  expect(opened).toEqual([1, 3]);
  expect(answers.map(({ reset }) => reset)).toEqual([
    undefined,
    undefined,
    expect.objectContaining(TURNED_AWAY),
  ]);
});

test("none of them is opened after GOAWAY", async () => {
  const { pair, opened, answers } = await withhold(1);
  const settings = frame(FrameType.SETTINGS, 0, 0, encodeSettings([TAKES_CONNECT]));
  pair.b.write(Buffer.concat([settings, frame(FrameType.GOAWAY, 0, 0, Buffer.alloc(8))]));
  await pair.run();
  expect([opened, answers[0]?.reset]).toEqual([[], expect.objectContaining(TURNED_AWAY)]);
});

/** A client whose server is a test that writes frames. */
async function serverOfFrames() {
  const pair = new FakePair();
  const observer = { onAvailable: () => undefined, onClosed: () => undefined };
  const client = connectHttp2(pair.a, observer, { now: () => 0 });
  pair.b.write(frame(FrameType.SETTINGS, 0, 0));
  await pair.run();
  return { pair, client };
}

test("a whole response that waits for a slow receiver outlives its connection", async () => {
  const { pair, client } = await serverOfFrames();
  const answer = new RecordedAnswer();
  const sent = client.send({ ...GET, headers: new HeaderList() }, true, answer);
  await pair.run();
  pair.b.write(new Http2Rig("client").response(1, 0, "200"));
  await pair.run();
  sent.pauseResponse();
  const goAway = frame(FrameType.GOAWAY, 0, 0, Buffer.concat([word(1), word(0)]));
  pair.b.write(
    Buffer.concat([frame(FrameType.DATA, Flag.END_STREAM, 1, Buffer.from("whole")), goAway]),
  );
  await pair.run();
  pair.b.end();
  await pair.run();
  expect([answer.body, answer.reset]).toEqual(["", undefined]);
  sent.resumeResponse();
  expect([answer.body, answer.ended, answer.reset]).toEqual(["whole", true, undefined]);
  expect(client.activeStreams).toBe(0);
});

test("who waited for the socket of a stream that was refused is not told that it drains", async () => {
  const { pair, client } = await serverOfFrames();
  const answer = new RecordedAnswer();
  pair.a.highWaterBytes = 1;
  const sent = client.send({ ...GET, method: "POST", headers: new HeaderList() }, false, answer);
  await passTick();
  expect(sent.sendBytes(Buffer.alloc(5), 0, 5)).toBe(false);
  pair.b.write(frame(FrameType.RST_STREAM, 0, 1, word(ErrorCode.REFUSED_STREAM)));
  pair.b.deliver(() => Number.MAX_SAFE_INTEGER);
  await pair.run();
  expect([answer.reset?.unprocessed, answer.writable]).toEqual([true, 0]);
});

test("who waits for the socket in a tunnel that its server has closed goes on, into nothing", async () => {
  const { pair, client } = await serverOfFrames();
  pair.b.write(frame(FrameType.SETTINGS, 0, 0, encodeSettings([TAKES_CONNECT])));
  await pair.run();
  const answer = new RecordedAnswer();
  const sent = client.send(connectHead(), false, answer);
  await pair.run();
  pair.b.write(new Http2Rig("client").response(1, 0, "200"));
  await pair.run();
  pair.a.highWaterBytes = 1;
  sent.sendBytes(Buffer.alloc(5), 0, 5);
  await passTick();
  expect(sent.sendBytes(Buffer.alloc(5), 0, 5)).toBe(false);
  const stop = frame(FrameType.RST_STREAM, 0, 1, word(ErrorCode.NO_ERROR));
  pair.b.write(Buffer.concat([frame(FrameType.DATA, Flag.END_STREAM, 1), stop]));
  pair.b.deliver(() => Number.MAX_SAFE_INTEGER);
  expect([answer.ended, answer.reset, answer.writable]).toEqual([true, undefined, 1]);
  expect(sent.sendBytes(Buffer.alloc(5), 0, 5)).toBe(true);
});
