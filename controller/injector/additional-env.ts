/** Variables that annotations add to a proxy's (INJ11). */

import { CONFIG, type Marks } from "#lib/k8s/annotations.ts";
import { isObject } from "#lib/k8s/shape.ts";
import type { EnvVar } from "#lib/k8s/types/core.ts";
import { quoted } from "./mark-reader.ts";

const KEY = `${CONFIG}proxy-additional-env`;
const ENTRIES_LIMIT = 256;
/** A name that every supported API server takes: a folder's own, and what begins with its parent's, is none. */
const NAME = /^(?!\.$|\.\.)[-._a-zA-Z][-._a-zA-Z0-9]{0,252}$/;
/** Where a value may come from, with the fields that have to be there. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  fieldRef: ["fieldPath"],
  resourceFieldRef: ["resource"],
  configMapKeyRef: ["name", "key"],
  secretKeyRef: ["name", "key"],
};

/**
 * Merged by name over what the values and annotations gave. A variable may name those before it alone, so each keeps its
 * place, but one whose new value names what stands not before that comes with the new ones.
 */
export function mergeEnv(env: readonly EnvVar[], extra: readonly EnvVar[]): EnvVar[] {
  const over = new Map(extra.map((each) => [each.name, each]));
  const merged = new Map<string, EnvVar>();
  for (const base of env) {
    const each = over.get(base.name) ?? base;
    if (each === base || namesOf(each).every((before) => merged.has(before)))
      merged.set(base.name, each);
  }
  for (const [name, each] of over) merged.set(name, each);
  return [...merged.values()];
}

/** The variables that a value names, as `$(NAME)`. */
const namesOf = ({ value = "" }: EnvVar): string[] =>
  [...value.matchAll(/\$\(([^)]+)\)/g)].map(([, name = ""]) => name);

/** The namespace's variables with the pod's over them; a list of which a part cannot be used changes nothing, and is told. */
export function additionalEnv(from: { readonly pod: Marks; readonly namespace: Marks }): {
  readonly env: readonly EnvVar[];
  readonly warnings: readonly string[];
} {
  const warnings: string[] = [];
  const read = (text: string | undefined): readonly EnvVar[] => {
    const env = (text ?? "").trim() === "" ? [] : readEnv(text ?? "");
    if (typeof env !== "string") return env;
    warnings.push(`annotation ${KEY} is not used: ${env}`);
    return [];
  };
  return { env: mergeEnv(read(from.namespace?.[KEY]), read(from.pod?.[KEY])), warnings };
}

/** The variables, or what is wrong with them. */
function readEnv(text: string): readonly EnvVar[] | string {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return "it is no JSON";
  }
  if (!Array.isArray(list)) return "it is no list of variables";
  if (list.length > ENTRIES_LIMIT) return `it has more than ${ENTRIES_LIMIT} variables`;
  const env: EnvVar[] = [];
  for (const each of list as unknown[]) {
    const variable = readVariable(each);
    if (typeof variable === "string") return variable;
    env.push(variable);
  }
  return env;
}

/** A variable as the API server takes it; it would refuse the whole pod for one that it does not. */
function readVariable(each: unknown): EnvVar | string {
  if (!isObject(each) || typeof each["name"] !== "string") return "an entry has no name";
  const { name, value, valueFrom } = each as { name: string; value?: unknown; valueFrom?: unknown };
  if (!NAME.test(name)) return `${quoted(name)} is no name of a variable`;
  if (valueFrom === undefined)
    return value === undefined || typeof value === "string"
      ? { name, ...(value !== undefined && { value }) }
      : `the value of ${quoted(name)} is no text`;
  const fault = sourceFault(name, valueFrom);
  if (fault !== undefined) return fault;
  if (value !== undefined && value !== "") return `${quoted(name)} has value and valueFrom`;
  return { name, valueFrom: valueFrom as NonNullable<EnvVar["valueFrom"]> };
}

/** What is wrong with where a value comes from. */
function sourceFault(name: string, valueFrom: unknown): string | undefined {
  const [entry, ...more] = isObject(valueFrom) ? Object.entries(valueFrom) : [];
  const [source = "", reference] = entry ?? [];
  const needed = Object.hasOwn(SOURCES, source) ? SOURCES[source] : undefined;
  if (needed === undefined || more.length > 0 || !isObject(reference))
    return `valueFrom of ${quoted(name)} must have one of ${Object.keys(SOURCES).join(", ")}`;
  const isText = (field: string): boolean =>
    typeof reference[field] === "string" && reference[field] !== "";
  return needed.every(isText)
    ? undefined
    : `${source} of ${quoted(name)} must have ${needed.join(", ")}`;
}
