import { expect, test } from "bun:test";
import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { ExportTraceServiceRequestSchema } from "#lib/api/gen/opentelemetry/trace_pb.ts";
import { DestinationProfileSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { OutboundPolicySchema, TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { ObserveRequestSchema, TapEventSchema } from "#lib/api/gen/proxy/tap_pb.ts";
import { randomMessage } from "../../../test/fake/messages.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { DestinationProfile } from "./gen/destination.ts";
import { Server } from "./gen/inbound.ts";
import { OutboundPolicy, TrafficSpec } from "./gen/outbound.ts";
import { ObserveRequest, TapEvent } from "./gen/tap.ts";
import { ExportTraceServiceRequest } from "./gen/traceV1.ts";
import { type MessageTable, Package } from "./table.ts";

const PAIRS: readonly (readonly [string, MessageTable, DescMessage])[] = [
  ["TrafficSpec", TrafficSpec, TrafficSpecSchema],
  ["Server", Server, ServerSchema],
  ["DestinationProfile", DestinationProfile, DestinationProfileSchema],
  ["OutboundPolicy", OutboundPolicy, OutboundPolicySchema],
  ["TapEvent", TapEvent, TapEventSchema],
  ["ObserveRequest", ObserveRequest, ObserveRequestSchema],
  ["ExportTraceServiceRequest", ExportTraceServiceRequest, ExportTraceServiceRequestSchema],
];

test.each(PAIRS)("encode() writes any %s as protobuf-es does", (_, table, desc) => {
  fc.assert(
    fc.property(fc.gen(), (pick) => {
      const fields = randomMessage(pick, desc, 12);
      const bytes = encode(table, fields);
      expect(bytes.toHex()).toBe(toBinary(desc, create(desc, fields)).toHex());
      expect<unknown>(decode(table, bytes)).toEqual(fromBinary(desc, bytes));
    }),
    { numRuns: 1000 },
  );
});

test("encode() packs numbers", () => {
  const wkt = new Package("google.protobuf", {}, "SourceCodeInfo.Location path:1:int32*");
  const table = wkt.message("SourceCodeInfo.Location");
  expect(encode(table, { path: [1, 300] }).toHex()).toBe("0a0301ac02");
  expect(encode(table, { path: [] }).length).toBe(0);
});
