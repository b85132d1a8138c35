/** Sends spans to a collector, gathered, by OTLP over gRPC; who has no time for them loses some, and requests none of theirs. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { encode } from "#lib/api/wire/encode.ts";
import { ExportTraceServiceRequest } from "#lib/api/wire/gen/traceV1.ts";
import type { MessageTable } from "#lib/api/wire/table.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import type { TraceMetrics } from "../telemetry/trace-metrics.ts";
import type { Span } from "./span.ts";

/** The method's path. */
const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** Spans that wait, and that go in one message; further ones are not sent. */
export const SPANS_LIMIT = 1000;

/** The same of what they say, which is up to their requests: gRPC's servers mostly refuse messages of more than 4 MiB. */
export const BATCH_LIMIT_CHARS: number = 1024 * 1024;

/** So long spans are gathered. */
export const BATCH_MS = 10_000;

/** What an exporter is made of. */
export interface ExporterOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: TraceMetrics;
  /** What sends them: `host.name`, labels of the pod and the like. */
  readonly resource: Readonly<Record<string, string | number>>;
  /** Calls the collector. */
  readonly call: (path: string, request: Uint8Array) => Promise<Uint8Array>;
}

/** Gathers and sends. */
export class SpanExporter {
  readonly #options: ExporterOptions;
  readonly #resource: ReturnType<typeof resourceOf>;
  #waiting: Span[] = [];
  /** What those that wait say, in characters. */
  #chars = 0;
  #timer: Timer | undefined;
  #sending = false;
  #dropped = 0;

  constructor(options: ExporterOptions) {
    this.#options = options;
    this.#resource = resourceOf(options.resource);
    options.metrics.streams.increment();
  }

  /** Takes a span, or drops it. */
  add(span: Span): void {
    if (this.#isFull) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(span);
    this.#chars += charsOf(span);
    if (this.#isFull) this.#flush();
    else this.#timer ??= this.#options.clock.after(BATCH_MS, () => this.#flush());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  get #isFull(): boolean {
    return this.#waiting.length >= SPANS_LIMIT || this.#chars >= BATCH_LIMIT_CHARS;
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#sending || this.#waiting.length === 0) return;
    const { call, clock, log, metrics } = this.#options;
    if (this.#dropped > 0) log.info("Spans dropped", { spans: this.#dropped });
    this.#dropped = 0;
    const spans = this.#waiting;
    this.#waiting = [];
    this.#chars = 0;
    this.#sending = true;
    metrics.requests.increment();
    metrics.spans.add(spans.length);
    const resourceSpans = [
      { resource: this.#resource, scopeSpans: [{ spans: spans.map(toSpan) }] },
    ];
    call(EXPORT, encode(ExportTraceServiceRequest, { resourceSpans }))
      .catch((error: unknown) => {
        log.debug("Spans were not taken", { error: String(error) });
        metrics.streams.increment();
      })
      .finally(() => {
        this.#sending = false;
        if (this.#isFull) this.#flush();
        else if (this.#waiting.length > 0)
          this.#timer ??= clock.after(BATCH_MS, () => this.#flush());
      });
  }
}

function charsOf({ name, attributes }: Span): number {
  let chars = name.length;
  for (const [key, value] of attributes) chars += key.length + value.length;
  return chars;
}

type Init<T> = T extends MessageTable<infer D> ? MessageInitShape<D> : never;
type ResourceSpans = NonNullable<Init<typeof ExportTraceServiceRequest>["resourceSpans"]>[number];
type Resource = NonNullable<ResourceSpans["resource"]>;

const KINDS = { server: 2, client: 3 } as const;
const nanos = (ms: number): bigint => BigInt(Math.round(ms * 1000)) * 1000n;
const text = (key: string, value: string) => ({
  key,
  value: { value: { case: "stringValue" as const, value } },
});

function resourceOf(attributes: ExporterOptions["resource"]): Resource {
  return {
    attributes: Object.entries(attributes).map(([key, value]) =>
      typeof value === "string"
        ? text(key, value)
        : { key, value: { value: { case: "intValue" as const, value: BigInt(value) } } },
    ),
  };
}

function toSpan({ traceId, spanId, parentId, name, kind, startMs, endMs, attributes }: Span) {
  return {
    traceId: Uint8Array.fromHex(traceId),
    spanId: Uint8Array.fromHex(spanId),
    parentSpanId: Uint8Array.fromHex(parentId),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: attributes.map(([key, value]) => text(key, value)),
  };
}
