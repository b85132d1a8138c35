/** ServiceProfile: a name that is a Service's (ADM12), routes that can be matched (ADM13). */

import { isFlag, isNumber, isText, list, object, optional, type Shape } from "#lib/k8s/shape.ts";
import { parseGoDuration } from "#lib/time/duration.ts";
import { expressionProblem } from "../index/route-review.ts";
import { RATIO_MOST, readWeight, UINT32 } from "../index/service-profiles.ts";

/** Which requests a route is for. */
export interface ProfileMatch {
  readonly all?: readonly ProfileMatch[] | null;
  readonly any?: readonly ProfileMatch[] | null;
  readonly not?: ProfileMatch | readonly ProfileMatch[] | null;
  readonly pathRegex?: string | null;
  readonly method?: string | null;
}

/** Which responses are a class. */
export interface ResponseMatch {
  readonly all?: readonly ResponseMatch[] | null;
  readonly any?: readonly ResponseMatch[] | null;
  readonly not?: ResponseMatch | readonly ResponseMatch[] | null;
  readonly status?: { readonly min?: number | null; readonly max?: number | null } | null;
}

/** Its spec. */
export interface ServiceProfileSpec {
  readonly routes?:
    | readonly {
        readonly name: string;
        readonly condition: ProfileMatch;
        readonly timeout?: string | null;
        readonly responseClasses?: readonly { readonly condition: ResponseMatch }[] | null;
      }[]
    | null;
  readonly retryBudget?: {
    readonly retryRatio: number;
    readonly minRetriesPerSecond: number;
    readonly ttl: string;
  } | null;
  readonly dstOverrides?:
    | readonly { readonly authority?: string | null; readonly weight?: number | string | null }[]
    | null;
}

const tree = (leaf: Readonly<Record<string, Shape>>): Shape => {
  const match: Shape = (value) =>
    object({
      all: optional(list(match)),
      any: optional(list(match)),
      // The definition has a list at the top of a route, and anything further in.
      not: optional((not) => match(not) || list(match)(not)),
      ...leaf,
    })(value);
  return match;
};

/** Whether a spec can be read. */
export const isServiceProfileSpec: Shape = object({
  routes: optional(
    list(
      object({
        name: isText,
        condition: tree({ pathRegex: optional(isText), method: optional(isText) }),
        timeout: optional(isText),
        isRetryable: optional(isFlag),
        responseClasses: optional(
          list(
            object({
              condition: tree({
                status: optional(object({ min: optional(isNumber), max: optional(isNumber) })),
              }),
            }),
          ),
        ),
      }),
    ),
  ),
  retryBudget: optional(
    object({ retryRatio: isNumber, minRetriesPerSecond: isNumber, ttl: isText }),
  ),
  dstOverrides: optional(list(object({ authority: optional(isText) }))),
});

const LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
/** `service.namespace.svc.` and a cluster's domain, or another name of several labels. */
const FQDN = new RegExp(`^${LABEL}(\\.${LABEL})+$`);
const NAME_LIMIT = 253;

/** ADM12, ADM13. */
export function serviceProfileProblems(name: string, spec: ServiceProfileSpec): string[] {
  return [
    ...(name.length <= NAME_LIMIT && FQDN.test(name)
      ? []
      : [`metadata.name: "${name}" is no Service's whole name, as web.shop.svc.cluster.local`]),
    ...(spec.routes ?? []).flatMap((route, index) => {
      const field = `spec.routes[${index}]`;
      return [
        ...(route.name === "" ? [`${field}.name: it is empty`] : []),
        ...requestProblems(route.condition, `${field}.condition`),
        ...durationProblems(route.timeout ?? "0s", `${field}.timeout`),
        ...(route.responseClasses ?? []).flatMap(({ condition }, each) =>
          responseProblems(condition, `${field}.responseClasses[${each}].condition`),
        ),
      ];
    }),
    ...budgetProblems(spec.retryBudget),
    ...weightProblems(spec.dstOverrides),
  ];
}

const durationProblems = (text: string, field: string): string[] =>
  parseGoDuration(text) === undefined
    ? [`${field}: "${text}" is no duration, as 500ms or 1m30s`]
    : [];

function budgetProblems(budget: ServiceProfileSpec["retryBudget"]): string[] {
  if (budget === undefined || budget === null) return [];
  const { ttl, retryRatio, minRetriesPerSecond } = budget;
  return [
    ...durationProblems(ttl, "spec.retryBudget.ttl"),
    ...boundProblems(retryRatio, { most: RATIO_MOST, field: "spec.retryBudget.retryRatio" }),
    ...boundProblems(minRetriesPerSecond, {
      most: UINT32.most,
      field: "spec.retryBudget.minRetriesPerSecond",
    }),
  ];
}

function boundProblems(
  value: number,
  { most, field }: { readonly most: number; readonly field: string },
): string[] {
  if (value < 0) return [`${field}: it is below 0`];
  return value > most ? [`${field}: it is above ${most}`] : [];
}

/** A weight that cannot be read would leave its override out. */
const weightProblems = (overrides: ServiceProfileSpec["dstOverrides"]): string[] =>
  (overrides ?? []).flatMap(({ weight }, index) =>
    weight === undefined || weight === null || readWeight(weight) !== undefined
      ? []
      : [
          `spec.dstOverrides[${index}].weight: ${weight} is no number from 0 to 429496, as 1 or 500m`,
        ],
  );

type Combining<M> = {
  readonly all?: readonly M[] | null;
  readonly any?: readonly M[] | null;
  readonly not?: M | readonly M[] | null;
};

function refused<M extends object>(
  not: M | readonly M[] | null | undefined,
  field: string,
): (readonly [M, string])[] {
  if (!not) return [];
  return isList(not) ? not.map((each, index) => [each, `${field}[${index}]`]) : [[not, field]];
}

const isList = <M>(value: M | readonly M[]): value is readonly M[] => Array.isArray(value);

/** What a condition is made of: conditions that it combines, each with its place. */
function parts<M extends Combining<M>>(
  { all, any, not }: M,
  field: string,
): (readonly [M, string])[] {
  return [
    ...(all ?? []).map((each, index) => [each, `${field}.all[${index}]`] as const),
    ...(any ?? []).map((each, index) => [each, `${field}.any[${index}]`] as const),
    ...refused(not, `${field}.not`),
  ];
}

/** The API server keeps what it does not know of nested conditions. */
const unknownProblems = (
  match: object,
  { known, field }: { readonly known: readonly string[]; readonly field: string },
): string[] =>
  Object.keys(match)
    .filter((name) => !known.includes(name))
    .map((name) => `${field}.${name}: it is not known`);

const REQUEST_FIELDS = ["all", "any", "not", "pathRegex", "method"];

function requestProblems(match: ProfileMatch, field: string): string[] {
  const inner = parts(match, field);
  const { pathRegex, method } = match;
  const says = inner.length > 0 || Boolean(pathRegex) || Boolean(method);
  const problem = pathRegex ? expressionProblem(pathRegex) : undefined;
  return [
    ...unknownProblems(match, { known: REQUEST_FIELDS, field }),
    ...(says ? [] : [`${field}: it says nothing: all, any, not, pathRegex or method must be set`]),
    ...(problem === undefined ? [] : [`${field}.pathRegex: ${problem}`]),
    ...inner.flatMap(([each, at]) => requestProblems(each, at)),
  ];
}

const STATUS = { from: 100, to: 599 } as const;
const RESPONSE_FIELDS = ["all", "any", "not", "status"];

function responseProblems(match: ResponseMatch, field: string): string[] {
  const inner = parts(match, field);
  const { status } = match;
  const says = inner.length > 0 || Boolean(status);
  return [
    ...unknownProblems(match, { known: RESPONSE_FIELDS, field }),
    ...(says ? [] : [`${field}: it says nothing: all, any, not or status must be set`]),
    ...(status ? rangeProblems(status, `${field}.status`) : []),
    ...inner.flatMap(([each, at]) => responseProblems(each, at)),
  ];
}

/** A bound that is absent or 0 is none. */
function rangeProblems(
  { min, max }: NonNullable<ResponseMatch["status"]>,
  field: string,
): string[] {
  const [low, high] = [min || undefined, max || undefined];
  const outside = [low, high].some(
    (bound) => bound !== undefined && (bound < STATUS.from || bound > STATUS.to),
  );
  if (outside) return [`${field}: min and max must be from ${STATUS.from} to ${STATUS.to}`];
  return low !== undefined && high !== undefined && high < low
    ? [`${field}: max ${high} is below min ${low}`]
    : [];
}
