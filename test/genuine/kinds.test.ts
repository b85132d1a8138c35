import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { UpdateSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { kindsIn, kindsOf } from "./kinds.ts";

test("kindsOf() has the fields of a type and of all types within it, once", () => {
  const kinds = kindsOf(UpdateSchema);
  expect(kinds.has("destination.Update.no_endpoints")).toBe(true);
  expect(kinds.has("destination.ProtocolHint.OpaqueTransport.inbound_port")).toBe(true);
  expect(kinds.has("outbound.OutboundPolicy.protocol")).toBe(false);
});

test("kindsIn() has what is set, in lists, in maps and in oneofs, and nothing else", () => {
  const addrs = [
    { weight: 1, metricLabels: { a: "b" } },
    { protocolHint: { protocol: { case: "h2" as const, value: {} } } },
  ];
  const update = create(UpdateSchema, { update: { case: "add", value: { addrs } } });
  expect([...kindsIn(UpdateSchema, update)]).toEqual([
    "destination.Update.add",
    "destination.WeightedAddrSet.addrs",
    "destination.WeightedAddr.weight",
    "destination.WeightedAddr.metric_labels",
    "destination.WeightedAddr.protocol_hint",
    "destination.ProtocolHint.h2",
  ]);
});
