/** What the evaluator and the real path are both given: routes as a client's proxy is sent them, and a request. */

/** A value that must be there under a name. */
export type Named = {
  readonly name: string;
  readonly type: "exact" | "regex";
  readonly value: string;
};

/** How a request must look. */
export type Match = {
  readonly path?: { readonly type: "exact" | "prefix" | "regex"; readonly value: string };
  readonly method?: string;
  readonly headers: readonly Named[];
  readonly queryParams: readonly Named[];
};

/** How a call must look; an empty part stands for any. */
export type CallMatch = {
  readonly service: string;
  readonly method: string;
  readonly headers: readonly Named[];
};

/** A rule with its name. */
export type Rule<M> = { readonly name: string; readonly matches: readonly M[] };

/** A route; a host that begins with `*.` is a suffix. */
export type Route<M> = { readonly hosts: readonly string[]; readonly rules: readonly Rule<M>[] };

/** The routes of a destination. */
export type World =
  | { readonly type: "http"; readonly routes: readonly Route<Match>[] }
  | { readonly type: "grpc"; readonly routes: readonly Route<CallMatch>[] };

/** A request. */
export type Request = {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
};

/** The name of the rule that it goes by. */
export type Answer = string;

/** Where no rule takes it. */
export const NO_ROUTE = "no route";
