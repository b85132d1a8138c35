/** Kinds of values: what each may hold, its default, and how a schema says so (JSON Schema draft 7). */

/** A schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** One value that users set. */
export interface Value<T> {
  /** The default; of some it is the version that is installed. */
  readonly initial: T | typeof VERSION;
  readonly schema: Schema & { readonly description: string };
  /** What is wrong with a value that the schema refuses, said after its name. */
  readonly wrong: string | ((value: unknown) => string);
  /** Whether what is set goes into the default, name by name, and null takes a name away: as Helm does it. */
  readonly merges: boolean;
  readonly accepts: (value: unknown) => boolean;
}

/** Values below names. */
export interface Group {
  readonly [name: string]: Value<unknown> | Group;
}

/** What stands for the version in defaults. */
export const VERSION: unique symbol = Symbol("version");

/** What specifies values of a shape: every one of them, and no other. */
export type SpecificationOf<T> = {
  readonly [Name in keyof T]: T[Name] extends string | number | boolean | readonly unknown[]
    ? Value<T[Name]>
    : string extends keyof T[Name]
      ? Value<T[Name]>
      : SpecificationOf<T[Name]>;
};

/** Whether it is a value, not a group of them. */
export function isValue(node: Value<unknown> | Group): node is Value<unknown> {
  return "initial" in node && "accepts" in node;
}

/** The default of a value for a version. */
export function initialOf({ initial }: Value<unknown>, version: string): unknown {
  return initial === VERSION ? version : initial;
}

/** Whether it is an object, which may have values by name. */
export const isObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  typeof given === "object" && given !== null && !Array.isArray(given);

type Options<T> = {
  readonly initial?: T;
  readonly pattern?: RegExp;
  /** What a text that the pattern refuses is not: "duration". */
  readonly no?: string;
};

const cannotBe = (value: unknown): string => `cannot be ${JSON.stringify(value)}`;

function value<T>(
  description: string,
  what: Omit<Value<T>, "schema" | "merges"> & {
    readonly schema: Schema;
    readonly merges?: boolean;
  },
): Value<T> {
  return { merges: false, ...what, schema: { description, ...what.schema } };
}

/** A text; empty unless a default is given. With a pattern, that too must hold. */
export function text(description: string, options: Options<string> = {}): Value<string> {
  const { initial = "", pattern, no } = options;
  return value(description, {
    initial,
    schema: { type: "string", ...(pattern && { pattern: pattern.source }) },
    wrong: (given) => {
      if (typeof given !== "string") return "must be a string";
      return no === undefined ? cannotBe(given) : `is no ${no}`;
    },
    accepts: (given) => typeof given === "string" && (pattern?.test(given) ?? true),
  });
}

/** A text that is the version unless one is set. */
export function version(description: string): Value<string> {
  return { ...text(description, { pattern: /\S/ }), initial: VERSION };
}

/** A whole number of at least `minimum`. */
export function integer(
  description: string,
  {
    initial,
    minimum = 0,
    maximum = Number.MAX_SAFE_INTEGER,
  }: { initial: number; minimum?: number; maximum?: number },
): Value<number> {
  const bounded = maximum !== Number.MAX_SAFE_INTEGER;
  return value(description, {
    initial,
    schema: { type: "integer", minimum, ...(bounded && { maximum }) },
    wrong: (given) => {
      if (typeof given !== "number") return "must be a number";
      return bounded ? `must be ${minimum} to ${maximum}` : `must be ${minimum} or more`;
    },
    accepts: (given) =>
      Number.isInteger(given) && Number(given) >= minimum && Number(given) <= maximum,
  });
}

/** A TCP port. */
export function port(description: string, initial: number): Value<number> {
  return integer(description, { initial, minimum: 1, maximum: 65_535 });
}

/** Yes or no. */
export function flag(description: string, initial: boolean): Value<boolean> {
  return value(description, {
    initial,
    schema: { type: "boolean" },
    wrong: "must be a boolean",
    accepts: (given) => typeof given === "boolean",
  });
}

/** One of a few words, the first unless another is set. */
export function choice<const T extends string>(
  description: string,
  words: readonly [T, ...T[]],
): Value<T> {
  return value<T>(description, {
    initial: words[0],
    schema: { type: "string", enum: words },
    wrong: (given) =>
      typeof given === "string" ? `must be one of ${words.join(", ")}` : "must be a string",
    accepts: (given) => words.some((word) => word === given),
  });
}

const SHARE = /^\d{1,3}%$/;

/** A count or a percentage. */
export function share(description: string, initial: number | string): Value<number | string> {
  return value(description, {
    initial,
    schema: {
      anyOf: [
        { type: "integer", minimum: 0 },
        { type: "string", pattern: SHARE.source },
      ],
    },
    wrong: "must be a number or a percentage",
    accepts: (given) =>
      typeof given === "string" ? SHARE.test(given) : Number.isInteger(given) && Number(given) >= 0,
  });
}

/** Several texts. */
export function texts(description: string, initial: readonly string[]): Value<readonly string[]> {
  return value(description, {
    initial,
    schema: { type: "array", items: { type: "string" } },
    wrong: "must be a list of strings",
    accepts: (given) => Array.isArray(given) && given.every((each) => typeof each === "string"),
  });
}

/** Several objects, as Kubernetes has them; `required` are the names that each must have. */
export function objects<T extends object>(
  description: string,
  { initial = [], required = [] }: { initial?: readonly T[]; required?: readonly string[] } = {},
): Value<readonly T[]> {
  return value(description, {
    initial,
    schema: { type: "array", items: { type: "object", ...(required.length > 0 && { required }) } },
    wrong: `must be a list of objects${required.length > 0 ? ` with ${required.join(", ")}` : ""}`,
    accepts: (given) =>
      Array.isArray(given) &&
      given.every((each) => isObject(each) && required.every((name) => Object.hasOwn(each, name))),
  });
}

/** Texts by name: labels, annotations. */
export function labels(
  description: string,
  initial: Readonly<Record<string, string>> = {},
): Value<Readonly<Record<string, string>>> {
  return value(description, {
    initial,
    merges: true,
    schema: { type: "object", additionalProperties: { type: "string" } },
    wrong: "must be strings by name",
    accepts: (given) =>
      isObject(given) && Object.values(given).every((each) => typeof each === "string"),
  });
}
