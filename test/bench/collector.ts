/** A collector of spans for the bench: takes them by OTLP over gRPC, and counts them. */

import { fromBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "#lib/api/gen/opentelemetry/trace_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { createGrpcHandler } from "#lib/grpc/server.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { listen } from "#lib/net/listener.ts";

/** Starts it on loopback and returns its port; `onSpans` is told how many have come. */
export function startCollector(onSpans: (total: number) => void): number {
  let total = 0;
  const handler = createGrpcHandler(
    new Map([
      [
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        (call) => {
          const { resourceSpans } = fromBinary(ExportTraceServiceRequestSchema, call.request);
          for (const { scopeSpans } of resourceSpans)
            for (const { spans } of scopeSpans) total += spans.length;
          onSpans(total);
          call.send(frameMessage(new Uint8Array(0)));
          call.end(0, "");
        },
      ],
    ]),
  );
  const { port } = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) => serveHttp2(stream, handler, { now: () => performance.now() }),
    (error) => {
      throw error;
    },
  );
  return port;
}
