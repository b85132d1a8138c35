/** Specs of routes as the Gateway API writes them, as far as they are looked at here, and whether one can be read. */

import { isNumber, isText, list, object, optional, type Shape } from "#lib/k8s/shape.ts";
import { isReference, type Reference } from "./references.ts";

/** A value that is named: a header, a query parameter, exact unless the type says otherwise. */
export interface NamedMatch {
  readonly type?: string | null;
  readonly name: string;
  readonly value: string;
}

/** A match of either kind of route: `method` is a word in HTTP and a service's method in gRPC. */
export interface RouteMatch {
  readonly path?: { readonly type?: string | null; readonly value?: string | null } | null;
  readonly method?:
    | string
    | {
        readonly type?: string | null;
        readonly service?: string | null;
        readonly method?: string | null;
      }
    | null;
  readonly headers?: readonly NamedMatch[] | null;
  readonly queryParams?: readonly NamedMatch[] | null;
}

/** Headers that are set, added or removed. */
export interface HeaderModifier {
  readonly set?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly add?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly remove?: readonly string[] | null;
}

/** A filter; which of its fields counts is said by its type. */
export interface RouteFilter {
  readonly type: string;
  readonly requestHeaderModifier?: HeaderModifier | null;
  readonly responseHeaderModifier?: HeaderModifier | null;
  readonly requestRedirect?: {
    readonly path?: {
      readonly replaceFullPath?: string | null;
      readonly replacePrefixMatch?: string | null;
    } | null;
    readonly port?: number | null;
    readonly statusCode?: number | null;
  } | null;
}

/** A rule of a route. */
export interface RouteRule {
  readonly matches?: readonly RouteMatch[] | null;
  readonly filters?: readonly RouteFilter[] | null;
  readonly backendRefs?:
    | readonly (Omit<Reference, "kind"> & {
        readonly kind?: string | null;
        readonly port?: number | null;
        readonly filters?: readonly RouteFilter[] | null;
      })[]
    | null;
  readonly timeouts?: {
    readonly request?: string | null;
    readonly backendRequest?: string | null;
  } | null;
}

/** A route's spec. */
export interface RouteSpec {
  readonly parentRefs?: readonly (Reference & { readonly port?: number | null })[] | null;
  readonly rules?: readonly RouteRule[] | null;
}

const named = optional(list(object({ type: optional(isText), name: isText, value: isText })));
const fields = optional(list(object({ name: isText, value: isText })));
const modifier = optional(object({ set: fields, add: fields, remove: optional(list(isText)) }));

const filter = object({
  type: isText,
  requestHeaderModifier: modifier,
  responseHeaderModifier: modifier,
  requestRedirect: optional(
    object({
      path: optional(
        object({ replaceFullPath: optional(isText), replacePrefixMatch: optional(isText) }),
      ),
      port: optional(isNumber),
      statusCode: optional(isNumber),
    }),
  ),
});

const rpc = object({
  type: optional(isText),
  service: optional(isText),
  method: optional(isText),
});

const rule = object({
  matches: optional(
    list(
      object({
        path: optional(object({ type: optional(isText), value: optional(isText) })),
        method: optional((value) => isText(value) || rpc(value)),
        headers: named,
        queryParams: named,
      }),
    ),
  ),
  filters: optional(list(filter)),
  backendRefs: optional(
    list(
      object({
        group: optional(isText),
        kind: optional(isText),
        name: optional(isText),
        port: optional(isNumber),
        filters: optional(list(filter)),
      }),
    ),
  ),
  timeouts: optional(object({ request: optional(isText), backendRequest: optional(isText) })),
});

/** Whether a route's spec can be read. */
export const isRouteSpec: Shape = object({
  parentRefs: optional(
    list((value) => isReference(value) && object({ port: optional(isNumber) })(value)),
  ),
  rules: optional(list(rule)),
});
