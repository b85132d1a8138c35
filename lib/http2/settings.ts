/** What the two sides tell each other about themselves (RFC 9113 §6.5). */

import { MAX_FRAME_BYTES } from "./frame.ts";
import { connectionError, ErrorCode } from "./http2-error.ts";
import type { Http2Options } from "./http2-options.ts";

/** Identifiers of the settings that matter here (RFC 9113 §6.5.2, RFC 8441 §3). */
export const SettingId = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
  ENABLE_CONNECT_PROTOCOL: 8,
} as const;

/** The largest window (RFC 9113 §6.9.1). */
export const MAX_WINDOW: number = 2 ** 31 - 1;

/** Entries in one SETTINGS frame. nghttp2's value; there are nine identifiers. */
export const SETTINGS_ENTRIES_LIMIT = 32;

/** Encodes a SETTINGS payload. */
export function encodeSettings(
  settings: readonly (readonly [id: number, value: number])[],
): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return payload;
}

/** Reads a SETTINGS payload. Throws a connection error where a value is out of its range. */
export function decodeSettings(payload: Buffer): [id: number, value: number][] {
  if (payload.length % 6 !== 0)
    throw connectionError(
      ErrorCode.FRAME_SIZE_ERROR,
      `Cannot read settings: ${payload.length} bytes`,
    );
  if (payload.length > SETTINGS_ENTRIES_LIMIT * 6)
    throw connectionError(
      ErrorCode.ENHANCE_YOUR_CALM,
      `Cannot read settings: more than ${SETTINGS_ENTRIES_LIMIT} entries`,
    );
  const settings: [number, number][] = [];
  for (let at = 0; at < payload.length; at += 6) {
    const [id, value] = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
    check(id, value);
    settings.push([id, value]);
  }
  return settings;
}

function check(id: number, value: number): void {
  if (id === SettingId.INITIAL_WINDOW_SIZE && value > MAX_WINDOW)
    throw connectionError(
      ErrorCode.FLOW_CONTROL_ERROR,
      `Cannot use window of ${value}: it exceeds 2^31-1`,
    );
  const flag = id === SettingId.ENABLE_PUSH || id === SettingId.ENABLE_CONNECT_PROTOCOL;
  const badFrame = id === SettingId.MAX_FRAME_SIZE && (value < 16_384 || value > 16_777_215);
  if ((flag && value > 1) || badFrame)
    throw connectionError(
      ErrorCode.PROTOCOL_ERROR,
      `Cannot use setting ${id}: ${value} is out of range`,
    );
}

/** The settings that a side begins with: its grants, and that it wants no push. */
export function greeting(options: Http2Options): Buffer {
  const own: readonly (readonly [number, number])[] =
    options.role === "client"
      ? [[SettingId.ENABLE_PUSH, 0]]
      : [
          [SettingId.MAX_CONCURRENT_STREAMS, options.maxConcurrentStreams],
          [SettingId.ENABLE_CONNECT_PROTOCOL, 1],
        ];
  return encodeSettings([
    ...own,
    [SettingId.INITIAL_WINDOW_SIZE, options.streamWindowBytes],
    [SettingId.MAX_HEADER_LIST_SIZE, options.maxHeaderListBytes],
    ...(options.maxFrameBytes === MAX_FRAME_BYTES
      ? []
      : [[SettingId.MAX_FRAME_SIZE, options.maxFrameBytes] as const]),
  ]);
}
