import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { FrameType } from "#lib/http2/frame.ts";
import { FrameReader } from "#lib/http2/frame-reader.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { encodeSettings, SettingId } from "#lib/http2/settings.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { RecordedAnswer } from "../../test/fake/driver-rig.ts";
import { frame, GET } from "../../test/fake/http2-rig.ts";
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
