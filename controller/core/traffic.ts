/** What is said of traffic beside where it goes: retries, timeouts, circuit breaking, load (control-plane.md, section 8). */

/** Statuses, both ends included. */
export type StatusRange = { readonly from: number; readonly to: number };

/** Codes of gRPC that calls are tried again for. */
export type GrpcRetryCode =
  | "cancelled"
  | "deadline-exceeded"
  | "internal"
  | "resource-exhausted"
  | "unavailable";

/** How often a request is tried again, for what, and how long one try may take in milliseconds. */
export type Retry<Condition> = {
  readonly limit: number;
  readonly timeoutMs: number | undefined;
  /** Empty: only what is always tried again. */
  readonly conditions: readonly Condition[];
};

/** In milliseconds; what is undefined has no limit. */
export type Timeouts = {
  readonly requestMs: number | undefined;
  readonly responseMs: number | undefined;
  readonly idleMs: number | undefined;
};

/** Waits between tries, in milliseconds; the jitter is a share of a wait. */
export type Penalties = {
  readonly minMs: number;
  readonly maxMs: number;
  readonly jitter: number;
};

/** When an endpoint is left alone; a zero switches its condition off. */
export type FailureAccrual = {
  readonly maxFailures: number;
  readonly penalties: Penalties;
  /** Beside failures in a row also the share of successes; undefined: only those. */
  readonly unified:
    | {
        readonly threshold: number;
        readonly windowMs: number;
        readonly minRequests: number;
        readonly honorRetryAfter: boolean;
      }
    | undefined;
};

/** How failures weigh on the load of an endpoint, in milliseconds. */
export type LoadPenalty = { readonly penaltyMs: number; readonly maxRetryAfterMs: number };

/** What a route says of itself; undefined: nothing. */
export type RouteTraffic = {
  readonly httpRetry: Retry<StatusRange> | undefined;
  readonly grpcRetry: Retry<GrpcRetryCode> | undefined;
  readonly timeouts: Timeouts | undefined;
};

/** What holds for all routes of a Service or an EgressNetwork. */
export type ParentTraffic = RouteTraffic & {
  readonly accrual: FailureAccrual | undefined;
  readonly load: LoadPenalty | undefined;
};
