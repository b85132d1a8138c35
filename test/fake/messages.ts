/** Random messages of any protobuf type, for tests that compare two readers of them. */

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import fc, { type GeneratorValue } from "fast-check";

type Fields = Record<string, unknown>;

/** What `create` of protobuf-es takes; `depth` messages within each other at most. */
export function randomMessage(pick: GeneratorValue, desc: DescMessage, depth: number): Fields {
  const fields: Fields = {};
  for (const member of desc.members) {
    if (member.kind === "oneof") {
      const field = member.fields[pick(fc.nat, member.fields.length)];
      if (field !== undefined && mayHold(field, depth))
        fields[member.localName] = { case: field.localName, value: single(pick, field, depth) };
    } else if (pick(fc.nat, 3) !== 1 && mayHold(member, depth))
      fields[member.localName] = fieldOf(pick, member, depth);
  }
  return fields;
}

const mayHold = (field: DescField, depth: number): boolean =>
  field.message === undefined || depth > 1;

function fieldOf(pick: GeneratorValue, field: DescField, depth: number): unknown {
  const several = <T>(one: () => T): T[] => Array.from({ length: pick(fc.nat, 3) }, one);
  if (field.fieldKind === "list") return several(() => single(pick, field, depth));
  if (field.fieldKind !== "map") return single(pick, field, depth);
  return Object.fromEntries(
    several(() => [pick(fc.string, { unit: "grapheme" }), single(pick, field, depth)]),
  );
}

function single(pick: GeneratorValue, field: DescField, depth: number): unknown {
  if (field.message !== undefined) return randomMessage(pick, field.message, depth - 1);
  if (field.enum !== undefined) return pick(fc.integer);
  return SCALARS[field.scalar as keyof typeof SCALARS](pick);
}

const SCALARS = {
  [ScalarType.STRING]: (pick: GeneratorValue) => pick(fc.string, { unit: "grapheme" }),
  [ScalarType.BYTES]: (pick: GeneratorValue) => pick(fc.uint8Array),
  [ScalarType.BOOL]: (pick: GeneratorValue) => pick(fc.boolean),
  [ScalarType.INT32]: (pick: GeneratorValue) => pick(fc.integer),
  [ScalarType.UINT32]: (pick: GeneratorValue) => pick(fc.nat, 0xffff_ffff),
  [ScalarType.FIXED32]: (pick: GeneratorValue) => pick(fc.nat, 0xffff_ffff),
  [ScalarType.INT64]: (pick: GeneratorValue) =>
    pick(fc.bigInt, { min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.UINT64]: (pick: GeneratorValue) => pick(fc.bigInt, { min: 0n, max: 2n ** 64n - 1n }),
  [ScalarType.FIXED64]: (pick: GeneratorValue) => pick(fc.bigInt, { min: 0n, max: 2n ** 64n - 1n }),
  [ScalarType.FLOAT]: (pick: GeneratorValue) => pick(fc.float),
  [ScalarType.DOUBLE]: (pick: GeneratorValue) => pick(fc.double),
};
