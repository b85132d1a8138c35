import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { RecordedAnswer } from "../../test/fake/driver-rig.ts";
import { GET } from "../../test/fake/http2-rig.ts";
import { connectHttp1 } from "./http1-client.ts";
import { sendExtendedConnect } from "./upgrade-stream.ts";

test("the crumbs of a cookie are one field where a WebSocket goes on in HTTP/1", async () => {
  const pair = new FakePair();
  const client = connectHttp1(pair.a, { onAvailable: () => undefined, onClosed: () => undefined });
  const headers = HeaderList.of(["cookie", "a=1"], ["x-app", "web"], ["cookie", "b=2"]);
  const head = { ...GET, method: "CONNECT", protocol: "websocket", headers };
  sendExtendedConnect(client, head, new RecordedAnswer());
  await pair.run();
  expect(pair.a.text).toContain("\r\ncookie: a=1; b=2\r\n");
  expect(pair.a.text.match(/cookie/g)).toHaveLength(1);
});
