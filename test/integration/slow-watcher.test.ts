/** The role destination, asked by a caller that stops reading for a while. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema, UpdateSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { frameMessage, MessageReader } from "#lib/grpc/framing.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { ClientConnection, ClientStream, ResponseHandler } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { toEndpointUpdate } from "../../proxy/control/convert.ts";
import type { EndpointUpdate } from "../../proxy/policy/client-policy.ts";
import { FakeControllers } from "../fake/controllers.ts";
import { applied, Seen, same } from "../fake/seen.ts";
import { wholeOf } from "../fake/whole-of.ts";

const PATH = "web.mesh.svc.cluster.local:80";
const GET = "/io.linkerd.proxy.destination.Destination/Get";

let plane: FakeControllers;

beforeAll(async () => {
  plane = await FakeControllers.start();
});
afterAll(async () => {
  await plane.stop();
  expect(plane.faults).toEqual([]);
});

test("DST2: a watcher that stalls through many changes ends with the set of a fresh one", async () => {
  const many = (count: number, from: number): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`lone-${at}`, `10.2.${from}.${at + 1}`]),
    );
  await plane.setEndpoints(many(3, 0));
  const slow = await SlowWatcher.open(plane.destination.port);
  await slow.seen.until("the first set", (all) => (all.length > 0 ? true : undefined));
  slow.pause();
  const fresh = new Seen<EndpointUpdate>();
  const watch = plane.discovery("client").watchEndpoints(PATH, fresh.push);
  for (let round = 1; round <= 12; round++) {
    await plane.setEndpoints(many(200, round));
    const last = Object.values(many(200, round)).toSorted();
    await fresh.until(`round ${round}`, (all) => same(applied(all), last));
  }
  await plane.setEndpoints(many(5, 99));
  const newest = Object.values(many(5, 99)).toSorted();
  await fresh.until("the newest set", (all) => same(applied(all), newest));
  slow.resume();
  await slow.seen.until("the newest set", (all) => same(applied(all), newest));
  // 14 sets were set; what could be skipped was.
  expect(slow.seen.values.length).toBeLessThan(fresh.values.length);
  watch.cancel();
  slow.close();
});

/** A caller of `Get` that can stop reading. */
class SlowWatcher implements ResponseHandler {
  readonly seen: Seen<EndpointUpdate> = new Seen<EndpointUpdate>();
  readonly #reader = new MessageReader();
  #stream: ClientStream | undefined;
  #connection: ClientConnection | undefined;

  static async open(port: number): Promise<SlowWatcher> {
    const watcher = new SlowWatcher();
    const nothing = (): void => undefined;
    const connection = await new Promise<ClientConnection>((resolve, reject) => {
      connectTcp(
        { ip: "127.0.0.1", port, timeoutMs: 1000, clock: systemClock, onFault: reject },
        {
          onConnected: (stream) =>
            resolve(
              connectHttp2(
                stream,
                { onAvailable: nothing, onClosed: nothing },
                { now: () => performance.now() },
              ),
            ),
          onFailed: reject,
        },
      );
    });
    const request = create(GetDestinationSchema, { path: PATH });
    const headers = HeaderList.of(["content-type", "application/grpc"], ["te", "trailers"]);
    const stream = connection.send(
      {
        method: "POST",
        scheme: "http",
        authority: "slow",
        path: GET,
        version: "HTTP/2",
        protocol: "",
        headers,
      },
      false,
      watcher,
    );
    stream.sendBytes(...wholeOf(frameMessage(toBinary(GetDestinationSchema, request))));
    stream.sendEnd(undefined);
    watcher.#stream = stream;
    watcher.#connection = connection;
    return watcher;
  }

  pause(): void {
    this.#stream?.pauseResponse();
  }

  resume(): void {
    this.#stream?.resumeResponse();
  }

  close(): void {
    this.#connection?.destroy();
  }

  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    const problem = this.#reader.receive(chunk, (message) => {
      const update = toEndpointUpdate(fromBinary(UpdateSchema, message));
      if (update !== undefined) this.seen.push(update);
    });
    expect(problem).toBeUndefined();
  }

  onResponseInformational(): void {
    // Nothing to learn from it.
  }

  onResponseHead(): void {
    // Its messages tell.
  }

  onResponseEnd(): void {
    // The test closes it.
  }

  onResponseReset(): void {
    // The test closes it.
  }

  onRequestWritable(): void {
    // The request is one small message.
  }
}
