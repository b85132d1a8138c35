/** What a policy must say, or it is refused as a whole (proxy-api.md, 3.9). */

import type { Metadata as MetadataMessage } from "#lib/api/gen/proxy/meta_pb.ts";
import type { Metadata } from "../policy/client-policy.ts";
import { toMetadata } from "./convert.ts";
import { PolicyError } from "./policy-error.ts";

/** Reads where a piece of outbound policy comes from; a resource must have all that names it. */
export function demandMetadata(message: MetadataMessage | undefined): Metadata {
  const kind = message?.kind;
  if (kind?.case === undefined) throw new PolicyError("metadata", "a part has no metadata");
  if (kind.case === "resource") {
    const { group, kind: type, name, namespace } = kind.value;
    if ([group, type, name, namespace].includes(""))
      throw new PolicyError("metadata", "a resource lacks group, kind, name or namespace");
  }
  return toMetadata(message);
}

/** The value, which must be there. */
export function demand<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new PolicyError("protocol", `${what} is missing`);
  return value;
}
