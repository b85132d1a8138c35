/** Counts calls as Go's gRPC servers do (CPM2, CPM5). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Histogram } from "#lib/metrics/histogram.ts";
import type { Family, Registry } from "#lib/metrics/registry.ts";

/** Linkerd's bounds of the time a call takes, seconds. */
const BOUNDS_SECONDS = [0.1, 1, 300, 3600];

/** Names of the codes as Go writes them, by number. */
const CODES = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
] as const;

/** The handles of one method. */
export type MethodMetrics = {
  readonly received: () => void;
  readonly sent: () => void;
  readonly handled: (code: number, seconds: number) => void;
};

/** The families; a method's handles are made once. */
export class GrpcMetrics {
  readonly #started: Family<Counter>;
  readonly #received: Family<Counter>;
  readonly #sent: Family<Counter>;
  readonly #handled: Family<Counter>;
  readonly #seconds: Family<Histogram>;

  constructor(registry: Registry) {
    const count = (what: string, help: string): Family<Counter> =>
      registry.counter(`grpc_server_${what}_total`, help);
    this.#started = count("started", "Calls that were begun.");
    this.#received = count("msg_received", "Messages that were received.");
    this.#sent = count("msg_sent", "Messages that were sent.");
    this.#handled = count("handled", "Calls that have ended, by code.");
    this.#seconds = registry.histogram("grpc_server_handling_seconds", {
      help: "Time that calls took.",
      bounds: BOUNDS_SECONDS,
    });
  }

  /** Handles for `/package.Service/Method`. */
  method(path: string): MethodMetrics {
    const [, service = "", method = ""] = path.split("/");
    const labels = {
      grpc_service: service,
      grpc_method: method,
      grpc_type: isWatch(path) ? "server_stream" : "unary",
    };
    const started = this.#started.with(labels);
    const received = this.#received.with(labels);
    const sent = this.#sent.with(labels);
    const seconds = this.#seconds.with(labels);
    return {
      received: () => {
        started.increment();
        received.increment();
      },
      sent: () => sent.increment(),
      handled: (code, took) => {
        const name = CODES[code] ?? `Code(${code})`;
        this.#handled.with({ ...labels, grpc_code: name }).increment();
        seconds.observe(took);
      },
    };
  }
}

/** Whether a method of `/package.Service/Method` answers with a stream. */
export function isWatch(path: string): boolean {
  const [, service = "", method = ""] = path.split("/");
  return method === "GetProfile" || service.endsWith(".Destination") || method.startsWith("Watch");
}
