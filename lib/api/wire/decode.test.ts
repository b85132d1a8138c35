import { expect, test } from "bun:test";
import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { DescriptorProtoSchema, SourceCodeInfo_LocationSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import * as trustEs from "#lib/api/gen/identity/v1/trust_pb.ts";
import * as destinationEs from "#lib/api/gen/proxy/destination_pb.ts";
import * as identityEs from "#lib/api/gen/proxy/identity_pb.ts";
import * as inboundEs from "#lib/api/gen/proxy/inbound_pb.ts";
import * as outboundEs from "#lib/api/gen/proxy/outbound_pb.ts";
import { randomMessage } from "../../../test/fake/messages.ts";
import { decode } from "./decode.ts";
import * as destination from "./gen/destination.ts";
import * as identity from "./gen/identity.ts";
import * as identityV1 from "./gen/identityV1.ts";
import * as inbound from "./gen/inbound.ts";
import * as outbound from "./gen/outbound.ts";
import { WireError } from "./reader.ts";
import { type MessageTable, Package } from "./table.ts";

const PAIRS: readonly (readonly [MessageTable, DescMessage])[] = [
  [identity.CertifyRequest, identityEs.CertifyRequestSchema],
  [identity.CertifyResponse, identityEs.CertifyResponseSchema],
  [identityV1.TrustBundle, trustEs.TrustBundleSchema],
  [destination.GetDestination, destinationEs.GetDestinationSchema],
  [destination.Update, destinationEs.UpdateSchema],
  [destination.DestinationProfile, destinationEs.DestinationProfileSchema],
  [inbound.PortSpec, inboundEs.PortSpecSchema],
  [inbound.Server, inboundEs.ServerSchema],
  [outbound.TrafficSpec, outboundEs.TrafficSpecSchema],
  [outbound.OutboundPolicy, outboundEs.OutboundPolicySchema],
];
const PAIR = fc.constantFrom(...PAIRS);

const theirs = (desc: DescMessage, bytes: Uint8Array): unknown =>
  fromBinary(desc, bytes, { readUnknownFields: false });

/** The message; the error's code where there is none. */
function outcome(read: () => unknown): { readonly message?: unknown; readonly code?: string } {
  try {
    return { message: read() };
  } catch (error) {
    return { code: error instanceof WireError ? error.code : "theirs" };
  }
}

/** What protobuf-es overlooks and protobuf forbids: values that run beyond their message, are of another type, have no end. */
const OVERLOOKED = ["truncated", "wire-type", "varint"];

/** Whether both read the same, or both refuse. */
function agree([table, desc]: (typeof PAIRS)[number], bytes: Uint8Array): "read" | "refused" {
  const ours = outcome(() => decode(table, bytes));
  const known = outcome(() => theirs(desc, bytes));
  if (ours.code === undefined || (known.code === undefined && !OVERLOOKED.includes(ours.code)))
    expect(ours).toEqual(known);
  return ours.code === undefined ? "read" : "refused";
}

const encoded = (pick: fc.GeneratorValue, desc: DescMessage): Uint8Array =>
  toBinary(desc, create(desc, randomMessage(pick, desc, 12)));

test("decode() reads what protobuf-es writes as protobuf-es reads it", () => {
  fc.assert(
    fc.property(PAIR, fc.gen(), ([table, desc], pick) => {
      const bytes = encoded(pick, desc);
      expect<unknown>(decode(table, bytes)).toEqual(theirs(desc, bytes));
    }),
    { numRuns: 3000 },
  );
});

test("decode() merges two messages in one as protobuf-es does", () => {
  fc.assert(
    fc.property(PAIR, fc.gen(), (pair, pick) => {
      const bytes = Buffer.concat([encoded(pick, pair[1]), encoded(pick, pair[1])]);
      expect(agree(pair, bytes)).toBe("read");
    }),
    { numRuns: 1000 },
  );
});

/** Fields of low numbers in each encoding, some within others. */
const { wire } = fc.letrec<{ wire: Uint8Array }>((tie) => ({
  wire: fc.oneof(
    { maxDepth: 4 },
    fc.constant(new Uint8Array()),
    fc
      .array(
        fc
          .tuple(
            fc.integer({ min: 1, max: 8 }),
            fc.nat(5),
            fc.uint8Array({ maxLength: 12 }),
            tie("wire"),
          )
          .map(([number, type, raw, inner]) => {
            const tag = number * 8 + type;
            if (type === 0) return [tag, ...raw.map((byte) => byte | 128), 1];
            if (type === 2) return inner.length < 120 ? [tag, inner.length, ...inner] : [tag, 0];
            if (type === 3) return [tag, ...inner, tag + 1];
            return [tag, ...raw.subarray(0, type === 1 ? 8 : 4)];
          }),
        { maxLength: 4 },
      )
      .map((parts) => Uint8Array.from(parts.flat())),
  ),
}));

test("decode() and protobuf-es read the same from any bytes, or both refuse", () => {
  const seen = { read: 0, refused: 0 };
  fc.assert(
    fc.property(PAIR, fc.oneof(fc.uint8Array({ maxLength: 60 }), wire), (pair, bytes) => {
      seen[agree(pair, bytes)]++;
    }),
    { numRuns: 10_000 },
  );
  expect([seen.read > 500, seen.refused > 500]).toEqual([true, true]);
});

test("decode() and protobuf-es judge a message alike of which a byte is wrong", () => {
  const change = fc.record({ at: fc.nat(), to: fc.nat(255) });
  fc.assert(
    fc.property(PAIR, fc.gen(), change, (pair, pick, { at, to }) => {
      const bytes = encoded(pick, pair[1]);
      if (bytes.length > 0) bytes[at % bytes.length] = to;
      agree(pair, bytes);
    }),
    { numRuns: 3000 },
  );
});

test("decode() and protobuf-es judge a message alike that is cut anywhere", () => {
  fc.assert(
    fc.property(PAIR, fc.gen(), ([table, desc], pick) => {
      const bytes = encoded(pick, desc).subarray(0, 300);
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        const ours = outcome(() => decode(table, cut));
        const known = outcome(() => theirs(desc, cut));
        expect([ours.message, ours.code !== undefined]).toEqual([
          known.message,
          known.code !== undefined,
        ]);
        expect(["truncated", undefined]).toContain(ours.code);
      }
    }),
    { numRuns: 200 },
  );
});

const wkt = new Package(
  "google.protobuf",
  {},
  `
DescriptorProto nestedType:3:DescriptorProto*
SourceCodeInfo.Location path:1:int32* span:2:int32*`,
);

test.each([
  ["packed", "0a03010203", [1, 2, 3]],
  ["one by one", "080108020803", [1, 2, 3]],
  ["both", "08010a020203", [1, 2, 3]],
  ["negative, in ten bytes", "08ffffffffffffffffff01", [-1]],
  ["not at all", "", []],
])("decode() reads numbers that come %s", (_, hex, path) => {
  const bytes = Uint8Array.fromHex(hex);
  expect<unknown>(decode(wkt.message("SourceCodeInfo.Location"), bytes)).toMatchObject({ path });
  expect(fromBinary(SourceCodeInfo_LocationSchema, bytes).path).toEqual(path);
});

/** Messages within each other, each with its length in three bytes before it. */
function nested(depth: number): Uint8Array {
  const heads = Array.from({ length: depth - 1 }, (_, i) => {
    const length = i * 4;
    return [0x1a, (length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14];
  });
  return Uint8Array.from(heads.reverse().flat());
}

test("decode() reads 100 messages within each other and no more, as protobuf-es", () => {
  const table = wkt.message("DescriptorProto");
  for (const [depth, code] of [
    [100, undefined],
    [101, "depth"],
    [10_000, "depth"],
  ] as const) {
    const bytes = nested(depth);
    expect(outcome(() => decode(table, bytes)).code).toBe(code);
    const known = outcome(() => fromBinary(DescriptorProtoSchema, bytes));
    expect(known.code === undefined).toBe(code === undefined);
  }
});

test("decode() passes over 99 groups within each other in a message and no more, as protobuf-es", () => {
  for (const [depth, code] of [
    [99, undefined],
    [100, "depth"],
    [10_000, "depth"],
  ] as const) {
    const bytes = new Uint8Array(depth * 2).fill(0x7b, 0, depth).fill(0x7c, depth);
    expect(outcome(() => decode(inbound.Server, bytes)).code).toBe(code);
    const known = outcome(() => fromBinary(inboundEs.ServerSchema, bytes));
    expect(known.code === undefined).toBe(code === undefined);
  }
});

test.each([
  ["a field number of zero", "00", "tag"],
  ["a wire type of seven", "0f", "tag"],
  ["a tag of more than 32 bits", "8a808080808001", "tag"],
  ["a varint of eleven bytes", "10ffffffffffffffffffff01", "varint"],
  ["a string where a number belongs", "120100", "wire-type"],
  ["the end of a group that did not begin", "7c", "group"],
  ["the end of another group", "7b8401", "group"],
  ["a string that is no UTF-8", "0a01ff", "utf8"],
  ["a string of which a byte is missing", "0a0261", "truncated"],
])("decode() refuses %s", (_, hex, code) => {
  expect(outcome(() => decode(inbound.PortSpec, Uint8Array.fromHex(hex))).code).toBe(code);
});

test("decode() takes no key of a map for the prototype", () => {
  const entry = Buffer.concat([Buffer.from("0a095f5f70726f746f5f5f120178", "hex")]);
  const { labels } = decode(inbound.Server, Uint8Array.of(0x22, entry.length, ...entry));
  expect([Object.keys(labels), Object.getPrototypeOf(labels)]).toEqual([
    ["__proto__"],
    Object.prototype,
  ]);
});
