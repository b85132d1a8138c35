/** Starts tracing: what gathers spans and sends them, and a tracer for each direction. */

import { readFileSync } from "node:fs";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { TraceMetrics } from "../telemetry/trace-metrics.ts";
import { SpanExporter } from "./exporter.ts";
import { traceResource } from "./resource.ts";
import { Tracer } from "./tracer.ts";

/** What it needs. */
export interface TracingParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: TraceMetrics;
  readonly pid: number;
  readonly hostname: string;
  readonly serviceName: string | undefined;
  /** A file with attributes; it is read once. */
  readonly attributesPath: string | undefined;
  readonly attributes: readonly string[];
  /** Calls the collector. */
  readonly call: (path: string, request: Uint8Array) => Promise<Uint8Array>;
}

/** What runs. */
export interface Tracing {
  readonly inbound: Tracer;
  readonly outbound: Tracer;
  readonly stop: () => void;
}

/** Starts it. */
export function startTracing(parts: TracingParts): Tracing {
  const { clock, random, log, metrics, pid, call } = parts;
  const process = { pid, startSeconds: clock.wall() / 1000 };
  const attributes = [fileOf(parts), ...parts.attributes];
  const resource = traceResource({ ...parts, attributes }, process);
  const exporter = new SpanExporter({ clock, log, metrics, call, resource });
  const onSpan = exporter.add.bind(exporter);
  const tracer = (direction: "inbound" | "outbound"): Tracer =>
    new Tracer({ direction, clock, random, onSpan });
  return {
    inbound: tracer("inbound"),
    outbound: tracer("outbound"),
    stop: () => exporter.stop(),
  };
}

/** Without the file spans say less, and go all the same. */
function fileOf({ attributesPath, log }: TracingParts): string {
  if (attributesPath === undefined) return "";
  try {
    return readFileSync(attributesPath, "utf8");
  } catch (error) {
    log.warn("Cannot read trace attributes", { path: attributesPath, error: String(error) });
    return "";
  }
}
