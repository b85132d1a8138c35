/** ServiceProfiles: routes by which a Service's requests are counted, retried and limited in time (DST15, DST16). */

import type { Ports } from "./workload.ts";

/** Which requests a route is about. */
export type RequestCondition =
  | { readonly type: "all" | "any"; readonly of: readonly RequestCondition[] }
  | { readonly type: "not"; readonly of: RequestCondition }
  | { readonly type: "path"; readonly regex: string }
  | { readonly type: "method"; readonly method: string };

/** Which responses are of a class; both bounds included. */
export type ResponseCondition =
  | { readonly type: "all" | "any"; readonly of: readonly ResponseCondition[] }
  | { readonly type: "not"; readonly of: ResponseCondition }
  | { readonly type: "status"; readonly min: number; readonly max: number };

/** One route; the first that is about a request counts. */
export type ProfileRoute = {
  readonly name: string;
  readonly condition: RequestCondition;
  readonly responseClasses: readonly {
    readonly condition: ResponseCondition;
    readonly isFailure: boolean;
  }[];
  readonly isRetryable: boolean;
  /** In milliseconds; 0: no limit. */
  readonly timeoutMs: number;
};

/** How many retries there may be beside requests. */
export type RetryBudget = {
  readonly ratio: number;
  readonly minPerSecond: number;
  readonly ttlMs: number;
};

/** A ServiceProfile. */
export type ServiceProfile = {
  readonly name: string;
  readonly namespace: string;
  readonly routes: readonly ProfileRoute[];
  /** `none`: one that cannot be read allows no retries. */
  readonly budget: RetryBudget | "default" | "none";
  /** Where requests go instead, by weights of which 10,000 are one. */
  readonly overrides: readonly { readonly authority: string; readonly weight: number }[];
  readonly opaque: Ports;
};
