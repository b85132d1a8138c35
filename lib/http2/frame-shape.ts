/** What every frame of a type must look like before anyone acts on it (RFC 9113 §6). */

import { Flag, type Frame, FrameType } from "./frame.ts";
import { connectionError, ErrorCode, type Http2Error, streamError } from "./http2-error.ts";

/** Throws where a frame has a length or a stream that its type does not allow. */
export function checkShape(frame: Frame): void {
  const { type, flags, streamId, length } = frame;
  switch (type) {
    case FrameType.DATA:
    case FrameType.HEADERS:
    case FrameType.CONTINUATION:
      onStream(type, streamId);
      break;
    case FrameType.PRIORITY:
      onStream(type, streamId);
      if (length !== 5)
        throw streamError(ErrorCode.FRAME_SIZE_ERROR, "Cannot read PRIORITY: bad length");
      if (dependsOnItself(frame)) throw selfDependence();
      break;
    case FrameType.RST_STREAM:
      onStream(type, streamId);
      sized(type, length === 4);
      break;
    case FrameType.SETTINGS:
      onConnection(type, streamId);
      sized(type, length % 6 === 0 && ((flags & Flag.ACK) === 0 || length === 0));
      break;
    case FrameType.PING:
      onConnection(type, streamId);
      sized(type, length === 8);
      break;
    case FrameType.GOAWAY:
      onConnection(type, streamId);
      sized(type, length >= 8);
      break;
    case FrameType.WINDOW_UPDATE:
      sized(type, length === 4);
      break;
  }
}

/** Whether a priority, where the payload begins, names the stream itself (RFC 7540 §5.3.1; RFC 9113 has given it up). */
export function dependsOnItself({ bytes, from, streamId }: Frame): boolean {
  return (bytes.readUInt32BE(from) & MAX_STREAM_ID) === streamId;
}

/** What a stream that depends on itself ends with. */
export function selfDependence(): Http2Error {
  return streamError(ErrorCode.PROTOCOL_ERROR, "Cannot prioritize stream: it depends on itself");
}

const MAX_STREAM_ID: number = 2 ** 31 - 1;

function onStream(type: number, streamId: number): void {
  if (streamId === 0)
    throw connectionError(
      ErrorCode.PROTOCOL_ERROR,
      `Cannot read frame of type ${type}: it is on stream 0`,
    );
}

function onConnection(type: number, streamId: number): void {
  if (streamId !== 0)
    throw connectionError(
      ErrorCode.PROTOCOL_ERROR,
      `Cannot read frame of type ${type}: it is on a stream`,
    );
}

function sized(type: number, right: boolean): void {
  if (!right)
    throw connectionError(
      ErrorCode.FRAME_SIZE_ERROR,
      `Cannot read frame of type ${type}: bad length`,
    );
}

/** Narrows a frame to its payload without padding (RFC 9113 §6.1). */
export function unpad(frame: Frame): void {
  if ((frame.flags & Flag.PADDED) === 0) return;
  const padding = frame.length === 0 ? 0 : (frame.bytes[frame.from] as number);
  if (padding >= frame.length)
    throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot read frame: padding exceeds it");
  frame.from += 1;
  frame.to -= padding;
}
