/** Structural schemas of CustomResourceDefinitions: unknown fields pruned, defaults filled in, the rest checked by ajv. */

import { Ajv, type ValidateFunction } from "ajv";
import { type Fields, fieldsOf, isFields } from "./object.ts";

/** A schema made ready. */
export interface ObjectSchema {
  /** The object without unknown fields and with defaults. */
  complete(object: Fields): Fields;
  /** What breaks the schema, by field. */
  check(object: Fields): readonly { readonly field: string; readonly message: string }[];
}

/** Compiles a schema; without one everything is kept. */
export function compileSchema(schema: unknown): ObjectSchema {
  if (!isFields(schema)) return { complete: (object) => object, check: () => [] };
  let validate: ValidateFunction | undefined;
  return {
    complete: (object) => {
      const { apiVersion, kind, metadata, ...rest } = object;
      const kept = fieldsOf(complete(rest, schema));
      return { apiVersion, kind, metadata, ...kept };
    },
    check: (object) => {
      validate ??= compile(schema);
      const { metadata: _, ...rest } = object;
      if (validate(rest)) return [];
      return (validate.errors ?? []).map((error) => ({
        field: error.instancePath.slice(1).replaceAll("/", ".") || "<root>",
        message: `Invalid value: ${error.message ?? "does not match the schema"}`,
      }));
    },
  };
}

function compile(schema: Fields): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const plain = fieldsOf(standard(schema));
  const { required: _, ...root } = plain;
  const { metadata: __, ...properties } = fieldsOf(root["properties"]);
  const required = (Array.isArray(plain["required"]) ? plain["required"] : []).filter(
    (name) => name !== "metadata",
  );
  return ajv.compile({ ...root, properties, required });
}

/** JSON Schema proper: `nullable` and `x-kubernetes-int-or-string` said in its words. */
function standard(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(standard);
  if (!isFields(schema)) return schema;
  const result: Fields = {};
  for (const [name, value] of Object.entries(schema))
    if (!name.startsWith("x-") && name !== "nullable" && name !== "default" && name !== "example")
      result[name] = name === "enum" ? value : standard(value);
  if (schema["x-kubernetes-int-or-string"] === true) result["type"] = ["integer", "string"];
  else if (schema["nullable"] === true && typeof result["type"] === "string")
    result["type"] = [result["type"], "null"];
  return result;
}

function complete(value: unknown, schema: Fields): unknown {
  if (Array.isArray(value)) {
    const items = fieldsOf(schema["items"]);
    return value.map((each) => complete(each, items));
  }
  if (!isFields(value)) return value;
  const properties = fieldsOf(schema["properties"]);
  const others = schema["additionalProperties"];
  const keepsAll = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  const result: Fields = {};
  for (const [name, below] of Object.entries(value)) {
    const own = properties[name];
    if (isFields(own)) result[name] = complete(below, own);
    else if (isFields(others)) result[name] = complete(below, others);
    else if (keepsAll || others === true || isEmbeddedField(name, embedded)) result[name] = below;
  }
  addDefaults(result, properties);
  return result;
}

function isEmbeddedField(name: string, embedded: boolean): boolean {
  return embedded && (name === "apiVersion" || name === "kind" || name === "metadata");
}

function addDefaults(result: Fields, properties: Fields): void {
  for (const [name, own] of Object.entries(properties)) {
    const { default: fallback, nullable } = fieldsOf(own);
    const missing = result[name] === undefined || (result[name] === null && nullable !== true);
    if (fallback !== undefined && missing)
      result[name] = complete(structuredClone(fallback), fieldsOf(own));
  }
}
