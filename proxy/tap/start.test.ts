import { expect, test } from "bun:test";
import { connect } from "node:net";
import { SERVER_KEEP_ALIVE } from "#lib/http-io/patience.ts";
import { until } from "../../test/fake/mesh.ts";
import { PassingClock } from "../../test/fake/passing-clock.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { startTap } from "./start.ts";
import { Taps } from "./taps.ts";

test("P55: whoever does not begin a handshake within a second is let go", async () => {
  const clock = new PassingClock();
  const onFault = (error: Error): void => {
    throw error;
  };
  const runtime = {
    ...{ clock, onFault, log: new RecordedLog().logger },
    credentials: { current: undefined },
  };
  const tap = startTap(
    { ip: "127.0.0.1", port: 0 },
    {
      ...{ runtime, taps: new Taps(clock), localName: "a.test", clientName: "b.test" },
      serverHttp2: { keepAlive: SERVER_KEEP_ALIVE },
    },
  );
  const socket = connect(tap.port, "127.0.0.1");
  let [connected, closed] = [false, false];
  socket.on("connect", () => {
    connected = true;
  });
  socket.on("close", () => {
    closed = true;
  });
  await until(
    () => connected,
    () => "nobody listens",
  );
  await until(
    async () => {
      await clock.pass(500);
      return closed;
    },
    () => "it is not let go",
  );
  expect([connected, closed]).toEqual([true, true]);
  tap.stop();
});
