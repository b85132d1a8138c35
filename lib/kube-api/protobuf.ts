/** Bodies in Kubernetes' protobuf, for the kinds that `kubectl create` sends that way. */

import { ApiError } from "./api-error.ts";
import type { Fields } from "./object.ts";

type Type = "text" | "bytes" | "number" | "boolean" | "texts" | "map" | "bytesMap" | Schema;
interface Schema {
  readonly [number: number]: readonly [name: string, type: Type];
}

const META: Schema = {
  1: ["name", "text"],
  2: ["generateName", "text"],
  3: ["namespace", "text"],
  11: ["labels", "map"],
  12: ["annotations", "map"],
};
const KINDS: Readonly<Record<string, Schema>> = {
  Namespace: { 1: ["metadata", META] },
  ServiceAccount: { 1: ["metadata", META] },
  ConfigMap: {
    1: ["metadata", META],
    2: ["data", "map"],
    3: ["binaryData", "bytesMap"],
    4: ["immutable", "boolean"],
  },
  Secret: {
    1: ["metadata", META],
    2: ["data", "bytesMap"],
    3: ["type", "text"],
    4: ["stringData", "map"],
  },
  TokenRequest: {
    1: ["metadata", META],
    2: [
      "spec",
      {
        1: ["audiences", "texts"],
        4: ["expirationSeconds", "number"],
        3: [
          "boundObjectRef",
          {
            1: ["kind", "text"],
            2: ["apiVersion", "text"],
            3: ["name", "text"],
            4: ["uid", "text"],
          },
        ],
      },
    ],
  },
};
const ENVELOPE: Schema = {
  1: ["type", { 1: ["apiVersion", "text"], 2: ["kind", "text"] }],
  2: ["raw", "bytes"],
};
const MAGIC = "k8s\0";

/** The object in a body. Throws UnsupportedMediaType for kinds that are not known in this form. */
export function decodeProtobuf(body: Uint8Array): Fields {
  const bytes = Buffer.from(body);
  const { type, raw } =
    bytes.toString("latin1", 0, 4) === MAGIC ? decode(bytes.subarray(4), ENVELOPE) : {};
  const { apiVersion, kind } = (type ?? {}) as {
    readonly apiVersion?: string;
    readonly kind?: string;
  };
  const schema = KINDS[kind ?? ""];
  if (schema === undefined)
    throw new ApiError(
      "UnsupportedMediaType",
      `the body of the request was in an unknown format (protobuf of ${kind}) - accepted media types include: application/json, application/yaml`,
    );
  return { apiVersion, kind, ...decode(Buffer.from(String(raw ?? ""), "base64"), schema) };
}

function decode(bytes: Buffer, schema: Schema): Fields {
  const result: Fields = {};
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new ApiError("BadRequest", "the protobuf body is cut off");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [name, type] = schema[Math.floor(key / 8)] ?? ["", "bytes"];
    const value = varint();
    if (key % 8 === 0) {
      if (name !== "") result[name] = type === "boolean" ? value === 1 : value;
      continue;
    }
    const part = bytes.subarray(at, at + value);
    at += value;
    if (name !== "" && part.length > 0) result[name] = read(part, { type, before: result[name] });
  }
  return result;
}

function read(
  part: Buffer,
  { type, before }: { readonly type: Type; readonly before: unknown },
): unknown {
  if (type === "text") return part.toString();
  if (type === "texts") return [...((before as string[] | undefined) ?? []), part.toString()];
  if (type === "map" || type === "bytesMap") {
    const { key, value } = decode(part, {
      1: ["key", "text"],
      2: ["value", type === "map" ? "text" : "bytes"],
    });
    return { ...(before as Fields | undefined), [String(key)]: value ?? "" };
  }
  return typeof type === "object" ? decode(part, type) : part.toString("base64");
}
