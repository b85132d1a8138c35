/** The trace that a request belongs to, as its headers say: W3C's `traceparent`, else gRPC's binary or the three headers of B3 (P52). */

import type { HeaderList } from "#lib/http/headers.ts";

/** A trace and where in it a request stands; hex, in lower case. */
export interface TraceContext {
  readonly format: "w3c" | "grpc" | "b3";
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits: the span that sent the request. */
  readonly parentId: string;
  readonly flags: number;
}

const TRACEPARENT = "traceparent";
const GRPC_TRACE = "grpc-trace-bin";
const [B3_TRACE, B3_SPAN, B3_SAMPLED] = ["x-b3-traceid", "x-b3-spanid", "x-b3-sampled"] as const;
/** What goes with a trace, without being read here. */
const BESIDE = ["tracestate", "baggage"] as const;

/** W3C Baggage §3.3.2; a list of states is shorter (Trace Context §3.3.1.5). */
const BESIDE_LIMIT_BYTES = 8192;
/** Of any version, so that what is not known yet is left alone (Trace Context §3.2.2). */
const ANY_TRACEPARENT = /^(?!ff)[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(?:-[!-~]{0,200})?$/;
const NOTHING = /^0+$/;

/** Whether somebody has asked for the spans of a trace. */
export const isSampled = ({ flags }: TraceContext): boolean => (flags & 1) === 1;

/** The trace of a request; undefined where it says none that can be read. What is malformed or huge is taken out (K20). */
export function readTrace(headers: HeaderList): TraceContext | undefined {
  if (!speaksOfTraces(headers.names)) return undefined;
  for (const name of BESIDE) if (bytesOf(headers, name) > BESIDE_LIMIT_BYTES) headers.delete(name);
  return readW3c(headers) ?? readGrpc(headers) ?? readB3(headers);
}

/** Of all fields of that name. */
function bytesOf({ names, values }: HeaderList, name: string): number {
  let bytes = 0;
  for (let i = 0; i < names.length; i++) if (names[i] === name) bytes += values[i]?.length ?? 0;
  return bytes;
}

/** Whether any field is one of those read here: most requests have none, and are looked through once instead of six times. */
function speaksOfTraces(names: readonly string[]): boolean {
  for (let i = 0; i < names.length; i++) if (isOfTraces(names[i] as string)) return true;
  return false;
}

/** By length first, which few other names share. */
function isOfTraces(name: string): boolean {
  switch (name.length) {
    case 7:
      return name === "baggage";
    case 10:
      return name === "tracestate";
    case 11:
      return name === TRACEPARENT || name === B3_SPAN;
    case 12:
      return name === B3_TRACE;
    case 14:
      return name === GRPC_TRACE;
    default:
      return false;
  }
}

/** Writes which span sends the request, in the form that it came in. */
export function writeSpan(headers: HeaderList, trace: TraceContext, spanId: string): void {
  const flags = trace.flags.toString(16).padStart(2, "0");
  switch (trace.format) {
    case "w3c":
      headers.set(TRACEPARENT, `00-${trace.traceId}-${spanId}-${flags}`);
      break;
    case "grpc":
      headers.set(
        GRPC_TRACE,
        Buffer.from(`0000${trace.traceId}01${spanId}02${flags}`, "hex").toString("base64"),
      );
      break;
    case "b3":
      headers.set(B3_SPAN, spanId);
  }
}

function readW3c(headers: HeaderList): TraceContext | undefined {
  const text = headers.get(TRACEPARENT);
  if (text === undefined) return undefined;
  const [version, traceId = "", parentId = "", flags = ""] = text.split("-");
  if (!ANY_TRACEPARENT.test(text) || NOTHING.test(traceId) || NOTHING.test(parentId)) {
    headers.delete(TRACEPARENT);
    headers.delete("tracestate");
    return undefined;
  }
  // Of other versions nobody knows what else they say.
  if (version !== "00" || text.length !== 55) return undefined;
  return { format: "w3c", traceId, parentId, flags: Number.parseInt(flags, 16) };
}

/** A version, then fields: 0 is the trace (16 bytes), 1 the span (8 bytes), 2 the flags. */
function readGrpc(headers: HeaderList): TraceContext | undefined {
  const text = headers.get(GRPC_TRACE);
  if (text === undefined) return undefined;
  const known = /^[A-Za-z\d+/]{1,128}={0,2}$/.test(text)
    ? readFields(Buffer.from(text, "base64"))
    : undefined;
  if (known === undefined) headers.delete(GRPC_TRACE);
  return known;
}

/** Bytes of each field, by its number; one that is not known ends them. */
const FIELD_BYTES: readonly number[] = [16, 8, 1];

function readFields(bytes: Buffer): TraceContext | undefined {
  const fields: string[] = [];
  let at = 1;
  while (at < bytes.length) {
    const field = bytes[at] ?? 0;
    const length = FIELD_BYTES[field];
    if (length === undefined) break;
    if (at + 1 + length > bytes.length) return undefined;
    fields[field] = bytes.toString("hex", at + 1, at + 1 + length);
    at += 1 + length;
  }
  const [traceId = "", parentId = "", flags = "00"] = fields;
  if (traceId === "" || parentId === "" || NOTHING.test(traceId)) return undefined;
  return { format: "grpc", traceId, parentId, flags: Number.parseInt(flags, 16) };
}

function readB3(headers: HeaderList): TraceContext | undefined {
  const [trace, span] = [headers.get(B3_TRACE), headers.get(B3_SPAN)];
  if (trace === undefined && span === undefined) return undefined;
  const [traceId, parentId] = [idOf(trace, 32), idOf(span, 16)];
  if (traceId === undefined || parentId === undefined) {
    if (trace !== undefined && traceId === undefined) headers.delete(B3_TRACE);
    if (span !== undefined && parentId === undefined) headers.delete(B3_SPAN);
    return undefined;
  }
  return { format: "b3", traceId, parentId, flags: headers.get(B3_SAMPLED) === "1" ? 1 : 0 };
}

/** Shorter ones, as traces of 64 bits, have zeros before them. */
function idOf(text: string | undefined, digits: number): string | undefined {
  if (text === undefined || text.length > digits || text.length % 2 !== 0) return undefined;
  return /^[\da-f]+$/i.test(text) && !NOTHING.test(text)
    ? text.toLowerCase().padStart(digits, "0")
    : undefined;
}
