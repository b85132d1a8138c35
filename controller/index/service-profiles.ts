/** ServiceProfiles as domain values; what of one cannot be read is left out, and told. */

import { parsePortRanges } from "#lib/k8s/annotations.ts";
import { parseQuantity } from "#lib/k8s/quantity.ts";
import { parseGoDuration } from "#lib/time/duration.ts";
import type {
  ProfileRoute,
  RequestCondition,
  ResponseCondition,
  ServiceProfile,
} from "../core/service-profile.ts";
import { Fields } from "./fields.ts";
import type { KeptPolicy } from "./kept-objects.ts";

const STATUSES = { least: 0, most: 599 };
const STATUS_LEAST = 100;
/** What a message can say of whole numbers. */
export const UINT32 = { least: 0, most: 0xffff_ffff };
/** Weights are sent as tenths of thousandths. */
const WEIGHT_OF_ONE = 10_000;
/** What a message can say of a ratio: 32 bits of a float. */
export const RATIO_MOST = 3.402_823_466_385_288_6e38;
const NESTING_LIMIT = 32;

/** Reads a ServiceProfile. */
export function toServiceProfile({ metadata, spec }: KeptPolicy, faults: string[]): ServiceProfile {
  const fields = new Fields(spec ?? {}, "spec", faults);
  fields.only("routes", "retryBudget", "dstOverrides", "opaquePorts");
  return {
    name: metadata?.name ?? "",
    namespace: metadata?.namespace ?? "",
    routes: readEach(fields.list("routes"), "spec.routes", faults, readRoute),
    budget: readBudget(fields),
    overrides: fields.objects("dstOverrides").flatMap((each) => readOverride(each) ?? []),
    opaque: parsePortRanges(fields.texts("opaquePorts").join(",")),
  };
}

type Reader<Value> = (fields: Fields) => Value;

/** Reads entries, each by itself: one that has a fault is left out. */
function readEach<Value>(
  entries: readonly unknown[],
  at: string,
  faults: string[],
  read: Reader<Value>,
): readonly NonNullable<Value>[] {
  return entries.flatMap((entry, index) => {
    const own: string[] = [];
    const value = read(new Fields(entry, `${at}[${index}]`, own));
    faults.push(...own);
    return own.length > 0 || value === undefined || value === null ? [] : [value];
  });
}

function readRoute(fields: Fields): ProfileRoute | undefined {
  fields.only("name", "condition", "responseClasses", "isRetryable", "timeout");
  const condition = readCondition(fields, readRequest);
  const classes = fields.objects("responseClasses").flatMap((each) => readClass(each) ?? []);
  const timeoutMs = readDuration(fields, "timeout") ?? 0;
  const name = fields.text("name") ?? "";
  const isRetryable = fields.flag("isRetryable") ?? false;
  if (condition === undefined) return undefined;
  return { name, condition, responseClasses: classes, isRetryable, timeoutMs };
}

function readDuration(fields: Fields, name: string): number | undefined {
  const text = fields.text(name);
  const ms = text === undefined || text === "" ? undefined : parseGoDuration(text);
  if (text && ms === undefined) fields.fault(name, `is no duration: ${text}`);
  return ms;
}

function readClass(fields: Fields): ProfileRoute["responseClasses"][number] | undefined {
  fields.only("condition", "isFailure");
  const condition = readCondition(fields, readResponse);
  const isFailure = fields.flag("isFailure") ?? false;
  return condition && { condition, isFailure };
}

type Combined<Leaf> =
  | { readonly type: "all" | "any"; readonly of: readonly Combined<Leaf>[] }
  | { readonly type: "not"; readonly of: Combined<Leaf> }
  | Leaf;

type Leaves<Leaf> = { readonly known: readonly string[]; readonly read: Reader<readonly Leaf[]> };

function readCondition<Leaf>(from: Fields, leaves: Leaves<Leaf>): Combined<Leaf> | undefined {
  const fields = from.object("condition");
  return fields === undefined
    ? from.fault("condition", "is missing")
    : readTree(fields, leaves, NESTING_LIMIT);
}

/** All that one says must hold. */
function readTree<Leaf>(
  fields: Fields,
  leaves: Leaves<Leaf>,
  depth: number,
): Combined<Leaf> | undefined {
  fields.only("all", "any", "not", ...leaves.known);
  if (depth === 0) return fields.fault("all", "is nested too deep");
  const inner = (each: Fields): readonly Combined<Leaf>[] => {
    const read = readTree(each, leaves, depth - 1);
    return read === undefined ? [] : [read];
  };
  const lists = (["all", "any"] as const).flatMap((type): Combined<Leaf>[] => {
    const of = fields.objects(type).flatMap(inner);
    return of.length === 0 ? [] : [{ type, of }];
  });
  const not = refused(fields);
  const negated = not.flatMap(inner).map((of): Combined<Leaf> => ({ type: "not", of }));
  const said = [...lists, ...leaves.read(fields), ...negated];
  const [first, second] = said;
  const parts = [...fields.list("all"), ...fields.list("any"), ...not];
  if (first === undefined)
    return parts.length > 0 ? undefined : fields.fault("all", "and all else is missing");
  return second === undefined ? first : { type: "all", of: said };
}

/** What must not hold: an object, or a list of which none may, as the definition has it at the top of a route. */
function refused(fields: Fields): readonly Fields[] {
  if (Array.isArray(fields.raw("not"))) return fields.objects("not");
  const not = fields.object("not");
  return not === undefined ? [] : [not];
}

type RequestLeaf = Extract<RequestCondition, { type: "path" | "method" }>;
const readRequest: Leaves<RequestLeaf> = {
  known: ["pathRegex", "method"],
  read: (fields) => {
    const regex = fields.text("pathRegex");
    const method = fields.text("method");
    return [
      ...(method ? [{ type: "method", method: method.toUpperCase() } as const] : []),
      ...(regex ? [{ type: "path", regex } as const] : []),
    ];
  },
};

type ResponseLeaf = Extract<ResponseCondition, { type: "status" }>;
const readResponse: Leaves<ResponseLeaf> = {
  known: ["status"],
  read: (fields) => {
    const status = fields.object("status");
    if (status === undefined) return [];
    status.only("min", "max");
    // A bound that is absent or 0 is none.
    const min = Math.max(status.integer("min", STATUSES) ?? 0, STATUS_LEAST);
    const max = status.integer("max", STATUSES) || STATUSES.most;
    if (max < min) status.fault("max", "is below min, or no status");
    return [{ type: "status", min, max }];
  },
};

function readBudget(from: Fields): ServiceProfile["budget"] {
  const fields = from.object("retryBudget");
  if (fields === undefined) return "default";
  fields.only("retryRatio", "minRetriesPerSecond", "ttl");
  const ratio = fields.raw("retryRatio");
  const minPerSecond = fields.integer("minRetriesPerSecond", UINT32);
  const ttlMs = readDuration(fields, "ttl");
  const known = typeof ratio === "number" && ratio >= 0 && ratio <= RATIO_MOST;
  if (!known) fields.fault("retryRatio", "is no number from 0 on, or too large");
  if (ttlMs === undefined) fields.fault("ttl", "is missing or no duration");
  if (!known || minPerSecond === undefined || ttlMs === undefined) return "none";
  return { ratio, minPerSecond, ttlMs };
}

function readOverride(fields: Fields): ServiceProfile["overrides"][number] | undefined {
  fields.only("authority", "weight");
  const authority = fields.required("authority");
  const weight = readWeight(fields.raw("weight"));
  if (weight === undefined) return fields.fault("weight", "is no number from 0 on, or too large");
  return authority === "" ? undefined : { authority, weight };
}

/** A number, or a quantity such as `1`, `500m` and `1k`, in tenths of thousandths; undefined where it is neither, or more than can be sent. */
export function readWeight(value: unknown): number | undefined {
  const quantity = parseQuantity(typeof value === "number" ? `${value}` : text(value));
  if (quantity === undefined) return undefined;
  const weight = Math.round(quantity * WEIGHT_OF_ONE);
  return weight <= UINT32.most ? weight : undefined;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
