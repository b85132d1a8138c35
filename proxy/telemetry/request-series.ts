/** What the families of policy count of one label set: requests, how they ended, how long they took, and their frames. */

import { Counter } from "#lib/metrics/counter.ts";
import type { Histogram } from "#lib/metrics/histogram.ts";
import { type Family, formatLabels, type Labels } from "#lib/metrics/registry.ts";

/** Why a stream did not end as its answer says, as metrics name it (MET24); empty where it did. */
export const FAULTS = [
  "",
  "FAIL_FAST",
  "LOAD_SHED",
  "REQUEST_TIMEOUT",
  "RESPONSE_HEADERS_TIMEOUT",
  "RESPONSE_STREAM_TIMEOUT",
  "IDLE_TIMEOUT",
  "CANCEL",
  "REFUSED",
  "ENHANCE_YOUR_CALM",
  "RESET",
  "GO_AWAY",
  "IO",
  "UNKNOWN",
] as const;
export type Fault = (typeof FAULTS)[number];

/** How a stream ended. */
export interface Ending {
  /** 0 where no answer came. */
  readonly status: number;
  /** -1 where no code was seen. */
  readonly grpcStatus: number;
  readonly fault: Fault;
}

/** The names of gRPC's codes, in their order. */
const GRPC_NAMES: readonly string[] = [
  ...["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"],
  ...["ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"],
  ...["ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"],
  "UNAUTHENTICATED",
];
const GRPC_UNKNOWN = 2;

/** A code that gRPC knows; any other is UNKNOWN, and -1 stays what it is. */
const knownCode = (code: number): number => (code < GRPC_NAMES.length ? code : GRPC_UNKNOWN);

/** Outbound's labels of an ending (MET24). */
export function outboundEnding(
  kind: "http" | "grpc",
  { status, grpcStatus, fault }: Ending,
): Labels {
  return kind === "http"
    ? { http_status: status === 0 ? "" : String(status), error: fault }
    : { grpc_status: GRPC_NAMES[grpcStatus] ?? "UNKNOWN", error: fault };
}

/** Inbound's labels of an ending (MET16). */
export function inboundEnding(kind: "http" | "grpc", { status, grpcStatus }: Ending): Labels {
  if (kind === "http") return { status: status === 0 ? "" : String(status) };
  return { status: grpcStatus < 0 ? "" : String(knownCode(grpcStatus)) };
}

/** Counts endings; each series is found once. */
export class EndingCounters {
  readonly #family: Family<Counter>;
  readonly #kind: "http" | "grpc";
  readonly #labels: string;
  readonly #write: typeof outboundEnding;
  readonly #counters = new Map<number, Counter>();
  /** Mostly the next one ends as the last one did. */
  #lastKey = -1;
  #last = new Counter();

  /** `labels` are formatted already. */
  constructor(
    family: Family<Counter>,
    how: {
      readonly kind: "http" | "grpc";
      readonly labels: string;
      readonly write: typeof outboundEnding;
    },
  ) {
    this.#family = family;
    this.#kind = how.kind;
    this.#labels = how.labels;
    this.#write = how.write;
  }

  count(ending: Ending): void {
    const { status, grpcStatus, fault } = ending;
    const answer = this.#kind === "http" ? status : knownCode(grpcStatus) + 1;
    const key = answer * FAULTS.length + (fault === "" ? 0 : FAULTS.indexOf(fault));
    if (key !== this.#lastKey) this.#find(key, ending);
    this.#last.value += 1;
  }

  #find(key: number, ending: Ending): void {
    this.#last = this.#counters.get(key) ?? this.#resolve(key, ending);
    this.#lastKey = key;
  }

  #resolve(key: number, ending: Ending): Counter {
    const own = formatLabels(this.#write(this.#kind, ending));
    const counter = this.#family.withText(`${this.#labels},${own}`);
    this.#counters.set(key, counter);
    return counter;
  }
}

/** The series of one label set. Of a family that does not count something there is none. */
export interface RequestSeries {
  readonly requests: Counter | undefined;
  readonly endings: EndingCounters | undefined;
  /** In seconds. */
  readonly duration: Histogram;
  /** Sizes of frames of data, in bytes: of requests where it counts those, else of answers. */
  readonly frames: Histogram;
}

/** Bounds of frames' sizes, in bytes (MET19, MET25, MET30). */
export const FRAME_BOUNDS: readonly number[] = [128, 1024, 10_240];
