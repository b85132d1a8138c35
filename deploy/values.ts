/** The values of an installation: Linkerd's names, Bunkerd's defaults, and what users set over them. */

import type { InjectValues } from "../controller/injector/values.ts";
import { validateValues } from "./values/checks.ts";
import { CNI } from "./values/cni.ts";
import { CONTROL_PLANE } from "./values/control-plane.ts";
import { whyForeign } from "./values/foreign.ts";
import {
  type Group,
  initialOf,
  isObject,
  isValue,
  type Schema,
  type SpecificationOf,
  type Value,
} from "./values/kinds.ts";
import { PROXY, PROXY_INIT } from "./values/proxy.ts";
import { defaultsOf, schemaOf } from "./values/schema.ts";
import type { CniValues, ControllerValues, ProxyInitValues } from "./values/types.ts";

/** Everything that the manifests are made of. `values` of ConfigMap linkerd-config holds the same as JSON. */
export type Values = InjectValues &
  ControllerValues & { readonly proxyInit: ProxyInitValues; readonly cni: CniValues };

/** Every value of that shape: the one place from which defaults, checks, messages and the charts' schemas come. */
export const VALUES: SpecificationOf<Values> = {
  ...CONTROL_PLANE,
  proxy: PROXY,
  proxyInit: PROXY_INIT,
  cni: CNI,
};

/** Values with any part left out. */
export type Overrides<T = Values> = {
  readonly [Key in keyof T]?: T[Key] extends readonly unknown[] | string | number | boolean
    ? T[Key]
    : Overrides<T[Key]>;
};

/**
 * What `--ha` sets: replicas on nodes of their own, never two of them away at once, no pod unmeshed by mistake, and
 * room to work in.
 */
export const HA: Overrides = {
  controllerReplicas: 3,
  webhookFailurePolicy: "Fail",
  enablePodAntiAffinity: true,
  enablePodDisruptionBudget: true,
  // A new replica finds no node of its own before an old one has left.
  deploymentStrategy: { rollingUpdate: { maxUnavailable: 1 } },
  controllerResources: {
    cpu: { request: "100m" },
    memory: { request: "100Mi", limit: "500Mi" },
  },
  proxy: {
    resources: { cpu: { request: "100m" }, memory: { request: "64Mi", limit: "250Mi" } },
  },
};

/** The defaults for a version with overrides on top. Throws where an override names nothing or cannot be used. */
export function createValues(version: string, overrides: Overrides = {}): Values {
  const values = overlay(VALUES, { version, over: overrides, path: "" }) as Values;
  const errors = validateValues(values);
  if (errors.length > 0) throw new Error(`Cannot use values: ${errors.join("; ")}`);
  return values;
}

/** The schema of all values, for an installation of a version. */
export function valuesSchema(version: string): Schema {
  return schemaOf(VALUES, version);
}

/** What makes values differ from the defaults of their version: with it they can be made again for another one. */
export function overridesIn(values: Values): Overrides {
  const base = defaultsOf(VALUES, values.linkerdVersion);
  return (difference(VALUES, base, values) ?? {}) as Overrides;
}

type Tree = Readonly<Record<string, unknown>>;

/** The part of `given` that is not as in `base`; undefined where all is. */
function difference(group: Group, base: Tree, given: Tree): Tree | undefined {
  const parts = Object.entries(group).flatMap(([name, node]) => {
    const [before, now] = [base[name], given[name]];
    if (!isValue(node)) {
      const below = difference(node, before as Tree, now as Tree);
      return below === undefined ? [] : [[name, below] as const];
    }
    if (Bun.deepEquals(before, now)) return [];
    return [[name, node.merges ? changedNames(before as Tree, now as Tree) : now] as const];
  });
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}

/** Names that are new or hold something else, and null for those that are gone. */
function changedNames(before: Tree, now: Tree): Tree {
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(now, name));
  return {
    ...Object.fromEntries(Object.entries(now).filter(([name, value]) => before[name] !== value)),
    ...Object.fromEntries(gone.map((name) => [name, null])),
  };
}

type Overlay = { readonly version: string; readonly over: unknown; readonly path: string };

/** The defaults of a group with what `over` gives. Throws on a name or a value that the group does not take. */
function overlay(group: Group, { version, over, path }: Overlay): Tree {
  if (over === undefined) return defaultsOf(group, version);
  if (!isObject(over)) throw new Error(`Cannot use values: ${path} must be an object`);
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const unknown = Object.keys(over).find((name) => !Object.hasOwn(group, name));
  if (unknown !== undefined) throw new Error(refusal(at(unknown), over[unknown]));
  return Object.fromEntries(
    Object.entries(group).map(([name, node]) => {
      const below = { version, over: over[name], path: at(name) };
      return [name, isValue(node) ? readValue(node, below) : overlay(node, below)];
    }),
  );
}

function readValue(node: Value<unknown>, { version, over, path }: Overlay): unknown {
  const initial = initialOf(node, version);
  const value = node.merges ? mergeNames(initial as Tree, over) : (over ?? initial);
  if (over !== null && node.accepts(value)) return value;
  if (over === null && node.merges) return {};
  const wrong = typeof node.wrong === "string" ? node.wrong : node.wrong(over);
  throw new Error(`Cannot use values: ${path} ${wrong}`);
}

function mergeNames(initial: Tree, over: unknown): unknown {
  if (over === undefined) return initial;
  if (!isObject(over)) return over;
  const merged = { ...initial, ...over };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

/** Says of an unknown name what is to be done about it; a group of Linkerd's is judged by what it holds. */
function refusal(path: string, given: unknown): string {
  const inner = isObject(given) ? Object.keys(given).map((name) => `${path}.${name}`) : [];
  const name = [path, ...inner].find((each) => whyForeign(each) !== undefined);
  if (name === undefined) return `Cannot use values: ${path} is not known`;
  return `Cannot use values: ${name} means nothing here, leave it out: ${whyForeign(name)}`;
}
