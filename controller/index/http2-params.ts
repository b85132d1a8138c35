/** Parameters of HTTP/2 as Linkerd's flag has them: JSON with the fields of the message. */

import type { Http2Params } from "../core/http2-params.ts";
import { Fields } from "./fields.ts";

const UINT32 = { least: 0, most: 0xffff_ffff };
const NANOS_A_MS = 1e6;

/** Reads the JSON; undefined where there is none. Throws where something in it is not known. */
export function readHttp2Params(text: string): Http2Params | undefined {
  if (text === "") return undefined;
  const faults: string[] = [];
  const fields = new Fields(parsed(text), "parameters", faults);
  fields.only("flow_control", "keep_alive", "internals");
  const flow = fields.object("flow_control");
  const alive = fields.object("keep_alive");
  const inner = fields.object("internals");
  const params: Http2Params = {
    flowControl: flow && readFlow(flow),
    keepAlive: alive && readAlive(alive),
    internals: inner && readInternals(inner),
  };
  const [fault] = faults;
  if (fault !== undefined) throw new Error(fault);
  return params;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const size = (fields: Fields, name: string): number => fields.integer(name, UINT32) ?? 0;

function readFlow(fields: Fields): NonNullable<Http2Params["flowControl"]> {
  const connection = "initial_connection_window_size";
  const stream = "initial_stream_window_size";
  fields.only(connection, stream, "adaptive_flow_control");
  return {
    connectionWindow: size(fields, connection),
    streamWindow: size(fields, stream),
    adaptive: fields.flag("adaptive_flow_control") ?? false,
  };
}

function readAlive(fields: Fields): NonNullable<Http2Params["keepAlive"]> {
  fields.only("interval", "timeout", "while_idle");
  return {
    intervalMs: readMs(fields, "interval"),
    timeoutMs: readMs(fields, "timeout"),
    whileIdle: fields.flag("while_idle") ?? false,
  };
}

function readMs(from: Fields, name: string): number {
  const fields = from.object(name);
  fields?.only("seconds", "nanos");
  const seconds = (fields && size(fields, "seconds")) ?? 0;
  const nanos = (fields && size(fields, "nanos")) ?? 0;
  if (seconds === 0 && nanos === 0) from.fault(name, "is missing");
  return seconds * 1000 + nanos / NANOS_A_MS;
}

function readInternals(fields: Fields): NonNullable<Http2Params["internals"]> {
  fields.only("max_concurrent_reset_streams", "max_frame_size", "max_send_buf_size");
  return {
    maxConcurrentResetStreams: size(fields, "max_concurrent_reset_streams"),
    maxFrameSize: size(fields, "max_frame_size"),
    maxSendBufSize: size(fields, "max_send_buf_size"),
  };
}
