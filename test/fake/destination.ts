/** A Destination API on a stream in memory, for commands under test. */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { UpdateSchema } from "../../lib/api/gen/proxy/destination_pb.ts";
import { frameMessage } from "../../lib/grpc/framing.ts";
import { type CallHandler, createGrpcHandler } from "../../lib/grpc/server.ts";
import { serveHttp2 } from "../../lib/http-io/http2-server.ts";
import { FakePair } from "./byte-stream.ts";

/** What it answers to each call: updates, or a status that is not OK. */
export type Answer = {
  readonly updates?: readonly MessageInitShape<typeof UpdateSchema>[];
  readonly status?: readonly [number, string];
};

/** The client's end is `pair.a`; `pair.run()` moves the bytes. */
export function fakeDestination(answer: Answer): FakePair {
  return fakeService("/io.linkerd.proxy.destination.Destination/Get", (call) => {
    for (const update of answer.updates ?? [])
      call.send(frameMessage(toBinary(UpdateSchema, create(UpdateSchema, update))));
    if (answer.status !== undefined) call.end(answer.status[0], answer.status[1]);
  });
}

/** An API with one method. */
export function fakeService(path: string, answer: CallHandler): FakePair {
  const pair = new FakePair();
  serveHttp2(pair.b, createGrpcHandler(new Map([[path, answer]])), { now: () => 0 });
  return pair;
}

/** An IPv4 endpoint as the API writes it. */
export function endpoint(
  last: number,
  pod: string,
): NonNullable<
  Extract<NonNullable<Answer["updates"]>[number]["update"], { case: "add" }>["value"]["addrs"]
>[number] {
  return {
    addr: { ip: { ip: { case: "ipv4", value: 0x0a_00_00_00 + last } }, port: 8080 },
    weight: 10_000,
    metricLabels: { pod },
    protocolHint: { protocol: { case: "h2", value: {} } },
  };
}
