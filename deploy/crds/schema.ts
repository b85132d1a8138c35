/** Schemas of custom resources in few words: what a CRD says in OpenAPI v3. */

/** A structural schema. */
export type Schema = Readonly<Record<string, unknown>>;

export const TEXT: Schema = { type: "string" };
export const INTEGER: Schema = { type: "integer" };
export const NUMBER: Schema = { type: "number" };
export const YES_OR_NO: Schema = { type: "boolean" };
/** A port's number or name, or a weight as number or quantity. */
export const INTEGER_OR_TEXT: Schema = { "x-kubernetes-int-or-string": true };
/** An object of any fields. */
export const ANYTHING: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
export const PORT: Schema = { type: "integer", minimum: 1, maximum: 65_535 };

/** One of a few words or numbers. */
export function oneOf(first: string | number, ...others: readonly (string | number)[]): Schema {
  return { type: typeof first === "number" ? "integer" : "string", enum: [first, ...others] };
}

/** A value for whoever leaves the field out. */
export function withDefault(schema: Schema, value: string | number): Schema {
  return { ...schema, default: value };
}

export function list(items: Schema): Schema {
  return { type: "array", items };
}

/** An object; a name that ends in `!` is required. */
export function fields(members: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(members);
  const required = names.filter((name) => name.endsWith("!")).map(bare);
  const properties = Object.fromEntries(names.map((name) => [bare(name), members[name]]));
  return { type: "object", properties, ...(required.length > 0 && { required }) };
}

const bare = (name: string): string => name.replace(/!$/, "");

/** A label selector. */
export const SELECTOR: Schema = fields({
  matchLabels: { type: "object", additionalProperties: TEXT },
  matchExpressions: list(
    fields({
      "key!": TEXT,
      "operator!": oneOf("In", "NotIn", "Exists", "DoesNotExist"),
      values: list(TEXT),
    }),
  ),
});

/** A reference to an object; the caller adds what it needs. */
export const TARGET: Schema = fields({ group: TEXT, "kind!": TEXT, "name!": TEXT });

/** Networks and the holes in them. */
export const NETWORKS: Schema = list(fields({ "cidr!": TEXT, except: list(TEXT) }));

/** Conditions as Kubernetes writes them. */
export const CONDITIONS: Schema = list(
  fields({
    "type!": TEXT,
    "status!": oneOf("True", "False", "Unknown"),
    reason: TEXT,
    message: TEXT,
    lastTransitionTime: { type: "string", format: "date-time" },
    observedGeneration: { type: "integer", format: "int64" },
  }),
);
