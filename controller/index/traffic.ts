/** What annotations say of traffic (control-plane.md, section 8); a value that cannot be read counts for nothing, and is told. */

import type { Marks } from "#lib/k8s/annotations.ts";
import { parseDuration } from "#lib/time/duration.ts";
import type {
  FailureAccrual,
  GrpcRetryCode,
  LoadPenalty,
  ParentTraffic,
  Penalties,
  Retry,
  RouteTraffic,
  StatusRange,
  Timeouts,
} from "../core/traffic.ts";

const RETRY = "retry.linkerd.io/";
const TIMEOUT = "timeout.linkerd.io/";
const ACCRUAL = "balancer.linkerd.io/failure-accrual";
const ALPHA = "balancer.alpha.linkerd.io/";
const TRUE = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE = ["0", "f", "F", "false", "FALSE", "False"];
const GRPC_CODES: readonly GrpcRetryCode[] = [
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];
const JITTER_LIMIT = 100;
const WINDOW_LEAST_MS = 10;
const REQUESTS_LIMIT = 1_000_000;
const UINT32_MAX = 0xffff_ffff;

/** Reads annotations one by one. */
class Annotations {
  readonly #marks: Marks;
  readonly #faults: string[];

  constructor(marks: Marks, faults: string[]) {
    this.#marks = marks;
    this.#faults = faults;
  }

  text(key: string): string | undefined {
    return this.#marks !== undefined && Object.hasOwn(this.#marks, key)
      ? this.#marks[key]
      : undefined;
  }

  fault(key: string, why = `cannot be read: ${this.text(key)}`): undefined {
    this.#faults.push(`annotation ${key} ${why}`);
    return undefined;
  }

  /** Milliseconds. */
  duration(key: string): number | undefined {
    const text = this.text(key);
    return text === undefined ? undefined : (parseDuration(text) ?? this.fault(key));
  }

  integer(key: string, most: number): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    return value <= most ? value : this.fault(key);
  }

  /** From zero on. */
  fraction(key: string, most: number): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const value = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    return value <= most ? value : this.fault(key);
  }

  flag(key: string): boolean | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    if (TRUE.includes(text)) return true;
    return FALSE.includes(text) ? false : this.fault(key);
  }

  /** All entries of a comma list, in whatever letters, or none of them. */
  entries<Entry>(
    key: string,
    read: (text: string) => Entry | undefined,
  ): readonly Entry[] | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const texts = text.toLowerCase().split(",");
    const entries = texts.flatMap((each) => read(each) ?? []);
    return entries.length === texts.length ? entries : this.fault(key);
  }
}

/** Reads what a route's annotations say. */
export function toRouteTraffic(marks: Marks, faults: string[]): RouteTraffic {
  const from = new Annotations(marks, faults);
  const limit = from.integer(`${RETRY}limit`, 0xffff) || undefined;
  const timeoutMs = from.duration(`${RETRY}timeout`) || undefined;
  const retry = <Condition>(
    conditions: readonly Condition[] | undefined,
  ): Retry<Condition> | undefined =>
    limit === undefined && timeoutMs === undefined && conditions === undefined
      ? undefined
      : { limit: limit ?? 1, timeoutMs, conditions: conditions ?? [] };
  return {
    httpRetry: retry(from.entries(`${RETRY}http`, readStatuses)),
    grpcRetry: retry(
      from.entries(`${RETRY}grpc`, (text) => GRPC_CODES.find((code) => code === text)),
    ),
    timeouts: readTimeouts(from),
  };
}

/** What of a route's annotations of its own kind cannot be read. */
export function routeTrafficFaults(
  marks: Marks,
  kind: "HTTPRoute" | "GRPCRoute",
): readonly string[] {
  const faults: string[] = [];
  const foreign = RETRY + (kind === "HTTPRoute" ? "grpc" : "http");
  const own = Object.entries(marks ?? {}).filter(([key]) => key !== foreign);
  toRouteTraffic(Object.fromEntries(own), faults);
  return faults;
}

/** `5xx`, `gateway-error`, a status, or two with a dash. */
function readStatuses(text: string): StatusRange | undefined {
  if (text === "5xx") return { from: 500, to: 599 };
  if (text === "gateway-error") return { from: 502, to: 504 };
  const [, low, high = low] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text) ?? [];
  const range = { from: Number(low), to: Number(high) };
  return range.from <= range.to ? range : undefined;
}

function readTimeouts(from: Annotations): Timeouts | undefined {
  const read = (name: string): number | undefined => from.duration(TIMEOUT + name) || undefined;
  const timeouts = {
    requestMs: read("request"),
    responseMs: read("response"),
    idleMs: read("idle"),
  };
  return Object.values(timeouts).some((each) => each !== undefined) ? timeouts : undefined;
}

/** Most Services have none. */
const NOTHING: ParentTraffic = {
  ...{ httpRetry: undefined, grpcRetry: undefined, timeouts: undefined },
  ...{ accrual: undefined, load: undefined },
};

/** Reads what the annotations of a Service or of an EgressNetwork say. */
export function toParentTraffic(marks: Marks, faults: string[]): ParentTraffic {
  if (marks === undefined) return NOTHING;
  const from = new Annotations(marks, faults);
  return { ...toRouteTraffic(marks, faults), accrual: readAccrual(from), load: readLoad(from) };
}

function readAccrual(from: Annotations): FailureAccrual | undefined {
  const mode = from.text(ACCRUAL);
  if (mode === undefined) return undefined;
  if (mode !== "consecutive" && mode !== "unified") return from.fault(ACCRUAL);
  const penalties = readPenalties(from);
  if (penalties === undefined) return undefined;
  const maxFailures = from.integer(`${ACCRUAL}-consecutive-max-failures`, UINT32_MAX) ?? 7;
  const unified = mode === "unified" ? readUnified(from) : undefined;
  return { maxFailures, penalties, unified };
}

/** Undefined where they are none: no endpoint could ever come back as they say. */
function readPenalties(from: Annotations): Penalties | undefined {
  const key = `${ACCRUAL}-consecutive-max-penalty`;
  const minMs = from.duration(`${ACCRUAL}-consecutive-min-penalty`) ?? 1000;
  const maxMs = from.duration(key) ?? 60_000;
  const jitter = from.fraction(`${ACCRUAL}-consecutive-jitter-ratio`, JITTER_LIMIT) ?? 0.5;
  return maxMs > 0 && minMs <= maxMs
    ? { minMs, maxMs, jitter }
    : from.fault(key, `is below the least penalty: ${maxMs}ms`);
}

function readUnified(from: Annotations): NonNullable<FailureAccrual["unified"]> {
  const key = `${ALPHA}failure-accrual-`;
  const windowMs = from.duration(`${key}success-rate-window`) ?? 10_000;
  return {
    threshold: from.fraction(`${key}success-rate-threshold`, 1) ?? 0.8,
    windowMs:
      windowMs >= WINDOW_LEAST_MS ? windowMs : (from.fault(`${key}success-rate-window`) ?? 10_000),
    minRequests: from.integer(`${key}success-rate-min-requests`, REQUESTS_LIMIT) ?? 5,
    honorRetryAfter: from.flag(`${key}honor-retry-after`) ?? false,
  };
}

function readLoad(from: Annotations): LoadPenalty | undefined {
  if (from.flag(`${ALPHA}penalize-failures`) !== true) return undefined;
  return {
    penaltyMs: from.duration(`${ALPHA}load-biaser-penalty`) ?? 5000,
    maxRetryAfterMs: from.duration(`${ALPHA}load-biaser-max-retry-after`) ?? 300_000,
  };
}
