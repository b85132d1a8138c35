/** An HTTP/2 connection as a state machine without I/O: bytes in, events out, bytes to write gathered (RFC 9113). */

import { HpackDecoder, HpackError } from "#lib/hpack/decoder.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import {
  BLOCK_LIMIT_BYTES,
  Budget,
  CONTINUATION_LIMIT,
  CONTROL_ALLOWANCE,
  RESET_ALLOWANCE,
} from "./budget.ts";
import { BlockFields, contentLengthOf } from "./fields.ts";
import { Flag, type FrameSink, FrameType, PREFACE } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { connectionError, ErrorCode, Http2Error, streamError } from "./http2-error.ts";
import { DEFAULT_WINDOW_BYTES, Sender } from "./sender.ts";
import { decodeSettings, encodeSettings, MAX_WINDOW, SettingId } from "./settings.ts";
import { Http2Stream } from "./stream.ts";

/** What happens on a connection; all calls come from within `receive`, or from what was asked of the connection. */
export interface Http2Events {
  onRequest(stream: Http2Stream, head: RequestHead, end: boolean): void;
  onResponse(stream: Http2Stream, head: ResponseHead, end: boolean): void;
  /** Bytes valid during the call only. */
  onStreamData(stream: Http2Stream, chunk: Uint8Array): void;
  onStreamEnd(stream: Http2Stream, trailers: HeaderList | undefined): void;
  /** The stream is gone; `unprocessed`: the peer is sure not to have acted on it. */
  onReset(
    stream: Http2Stream,
    how: { readonly code: number; readonly unprocessed: boolean; readonly goAway: boolean },
  ): void;
  onWritable(stream: Http2Stream): void;
  /** More streams may be opened, or none any more: look at `available` again. */
  onChanged(): void;
}

/** What a side grants its peer. */
export interface Http2Options {
  readonly role: "client" | "server";
  readonly nowMs: number;
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly maxConcurrentStreams: number;
  readonly maxHeaderListBytes: number;
}

/** Defaults: Linkerd's windows, and bounds for what a peer may have open. */
export const HTTP2_DEFAULTS: Omit<Http2Options, "role" | "nowMs"> = {
  streamWindowBytes: 65_535,
  connectionWindowBytes: 1024 * 1024,
  maxConcurrentStreams: 1024,
  maxHeaderListBytes: 64 * 1024,
};

/** How many streams that we reset are remembered, so that late frames for them are passed over. */
export const RESET_MEMORY_LIMIT = 1024;

/** Before the peer says otherwise a client opens at most so many streams. */
const CLIENT_STREAMS_AT_START = 100;
const DRAIN_PING: Buffer = Buffer.from("drain!\0\0", "latin1");

/** One connection, either role. */
export class Http2Connection implements FrameSink {
  readonly #options: Http2Options;
  readonly #events: Http2Events;
  readonly #reader: FrameReader;
  readonly #sender: Sender;
  readonly #decoder: HpackDecoder;
  readonly #fields = new BlockFields();
  readonly #streams = new Map<number, Http2Stream>();
  readonly #resetByUs = new Set<number>();
  readonly #resets: Budget;
  readonly #control: Budget;
  #nowMs: number;
  #received = 0;
  #nextId = 1;
  #lastPeerId = 0;
  #peerStreams = CLIENT_STREAMS_AT_START;
  #settingsSeen = false;
  #draining = false;
  #goneAway = false;
  #failure: Http2Error | undefined;
  #block:
    | { readonly streamId: number; readonly end: boolean; parts: Buffer[]; bytes: number }
    | undefined;

  constructor(options: Http2Options, events: Http2Events) {
    this.#options = options;
    this.#events = events;
    this.#nowMs = options.nowMs;
    this.#reader = new FrameReader(options.role);
    this.#decoder = new HpackDecoder({ listLimitBytes: options.maxHeaderListBytes });
    this.#resets = new Budget(RESET_ALLOWANCE, options.nowMs);
    this.#control = new Budget(CONTROL_ALLOWANCE, options.nowMs);
    this.#sender = new Sender({
      onWritable: (stream) => events.onWritable(stream),
      onLocalEnd: (stream) => this.#maybeClose(stream),
    });
    this.#greet();
  }

  /** What must be written; the driver takes its view and clears it. */
  get out(): { readonly length: number; view(): Buffer; clear(): void } {
    return this.#sender.writer.out;
  }

  get activeStreams(): number {
    return this.#streams.size;
  }

  /** Why the connection must be closed once `out` is written; undefined while it is sound. */
  get failure(): Http2Error | undefined {
    return this.#failure;
  }

  /** Whether the last stream has ended after a drain or GOAWAY: nothing more will happen. */
  get finished(): boolean {
    return (this.#draining || this.#goneAway) && this.#streams.size === 0;
  }

  /** Whether a client may open a further stream. */
  get available(): boolean {
    const open =
      !this.#draining &&
      !this.#goneAway &&
      this.#failure === undefined &&
      this.#nextId < MAX_WINDOW;
    return open && this.#streams.size < this.#peerStreams;
  }

  /** Takes in bytes of the peer. An error of the peer ends up in `failure`, never as an exception. */
  receive(chunk: Uint8Array, nowMs: number): void {
    if (this.#failure !== undefined) return;
    this.#nowMs = nowMs;
    try {
      this.#reader.receive(chunk, this);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Opens a stream (client); `available` must hold. */
  open(head: RequestHead, end: boolean): Http2Stream {
    const stream = new Http2Stream(this.#nextId, this.#sender.initialWindow);
    this.#nextId += 2;
    stream.bodiless = head.method === "HEAD";
    this.#streams.set(stream.id, stream);
    this.#sender.request(stream, head, end);
    return stream;
  }

  respond(stream: Http2Stream, head: ResponseHead, end: boolean): void {
    if (!stream.closed && !stream.localEnded) this.#sender.response(stream, head, end);
  }

  /** False: stop until `onWritable`. */
  send(stream: Http2Stream, chunk: Uint8Array): boolean {
    if (stream.closed || stream.localEnded || stream.endQueued) return true;
    return this.#sender.data(stream, chunk);
  }

  end(stream: Http2Stream, trailers: HeaderList | undefined): void {
    if (!stream.closed) this.#sender.end(stream, trailers);
  }

  /** Ends a stream at once from our side; its owner hears nothing more of it. */
  reset(stream: Http2Stream, code: number): void {
    if (stream.closed) return;
    this.#sender.writer.rstStream(stream.id, code);
    this.#rememberReset(stream.id);
    this.#close(stream);
  }

  /** Lets no more in than the window that is open; what is on its way is held. */
  pause(stream: Http2Stream): void {
    stream.paused = true;
  }

  /** Hands over what was held meanwhile and lets more in. */
  resume(stream: Http2Stream): void {
    stream.paused = false;
    while (stream.held.length > 0 && !stream.paused && !stream.closed)
      this.#events.onStreamData(stream, stream.held.shift() as Buffer);
    if (stream.paused || stream.closed) return;
    const end = stream.heldEnd;
    stream.heldEnd = undefined;
    if (end !== undefined) this.#endRemote(stream, end.trailers);
    else this.#creditStream(stream);
  }

  /** Asks the peer for an answer, to learn whether it is there. */
  ping(payload: Buffer): void {
    this.#sender.writer.frame(FrameType.PING, 0, 0, payload);
  }

  /** Takes no new streams; a server says so twice, so that none in flight is lost (RFC 9113 §6.8). */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (this.#options.role === "client") return;
    this.#sender.writer.goAway(MAX_WINDOW, ErrorCode.NO_ERROR);
    this.ping(DRAIN_PING);
  }

  /** The transport is gone: every stream ends. */
  disconnected(): void {
    this.#abandon({ code: ErrorCode.INTERNAL_ERROR, unprocessed: false, goAway: false });
  }

  onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (
      this.#block !== undefined &&
      (type !== FrameType.CONTINUATION || streamId !== this.#block.streamId)
    )
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot read frame: a header block is not finished",
      );
    if (!this.#settingsSeen && type !== FrameType.SETTINGS)
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot serve connection: SETTINGS must come first",
      );
    try {
      this.#dispatch(type, flags, streamId, payload);
    } catch (error) {
      if (!(error instanceof Http2Error) || error.dies === "connection") throw error;
      this.#failStream(streamId, error);
    }
  }

  #dispatch(type: number, flags: number, streamId: number, payload: Buffer): void {
    switch (type) {
      case FrameType.DATA:
        return this.#onData(flags, streamId, payload);
      case FrameType.HEADERS:
        return this.#onHeaders(flags, streamId, payload);
      case FrameType.CONTINUATION:
        return this.#onContinuation(flags, payload);
      case FrameType.RST_STREAM:
        return this.#onRstStream(streamId, payload);
      case FrameType.SETTINGS:
        return this.#onSettings(flags, streamId, payload);
      case FrameType.PING:
        return this.#onPing(flags, streamId, payload);
      case FrameType.GOAWAY:
        return this.#onGoAway(streamId, payload);
      case FrameType.WINDOW_UPDATE:
        return this.#onWindowUpdate(streamId, payload);
      case FrameType.PRIORITY:
        return this.#onPriority(streamId, payload);
      case FrameType.PUSH_PROMISE:
        throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot accept PUSH_PROMISE: push is off");
      default:
        this.#spendControl();
    }
  }

  #greet(): void {
    const {
      role,
      streamWindowBytes,
      maxHeaderListBytes,
      maxConcurrentStreams,
      connectionWindowBytes,
    } = this.#options;
    const { writer } = this.#sender;
    const common: [number, number][] = [
      [SettingId.INITIAL_WINDOW_SIZE, streamWindowBytes],
      [SettingId.MAX_HEADER_LIST_SIZE, maxHeaderListBytes],
    ];
    if (role === "client") writer.out.push(PREFACE);
    const own: [number, number][] =
      role === "client"
        ? [[SettingId.ENABLE_PUSH, 0]]
        : [
            [SettingId.MAX_CONCURRENT_STREAMS, maxConcurrentStreams],
            [SettingId.ENABLE_CONNECT_PROTOCOL, 1],
          ];
    writer.frame(FrameType.SETTINGS, 0, 0, encodeSettings([...own, ...common]));
    if (connectionWindowBytes > DEFAULT_WINDOW_BYTES)
      writer.windowUpdate(0, connectionWindowBytes - DEFAULT_WINDOW_BYTES);
  }

  #onData(flags: number, streamId: number, payload: Buffer): void {
    if (streamId === 0)
      throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot read DATA: it is on stream 0");
    this.#creditConnection(payload.length);
    const stream = this.#openStream(streamId);
    if (stream === undefined) return;
    if (stream.remoteEnded)
      throw streamError(ErrorCode.STREAM_CLOSED, "Cannot read DATA: the stream has ended");
    if (!stream.headSeen)
      throw streamError(ErrorCode.PROTOCOL_ERROR, "Cannot read DATA: it comes before the head");
    stream.received += payload.length;
    if (stream.received > this.#options.streamWindowBytes)
      throw streamError(
        ErrorCode.FLOW_CONTROL_ERROR,
        "Cannot read DATA: it exceeds the stream's window",
      );
    const end = (flags & Flag.END_STREAM) !== 0;
    const data = unpad(flags, payload);
    if (data.length === 0 && !end) this.#spendControl();
    if (stream.due >= 0) this.#checkDue(stream, data.length, end);
    if (end) stream.remoteEnded = true;
    if (data.length > 0) {
      if (stream.paused) stream.held.push(Buffer.from(data));
      else this.#events.onStreamData(stream, data);
    }
    if (end) this.#endRemote(stream, undefined);
    else if (!stream.paused) this.#creditStream(stream);
  }

  /** The peer has ended the stream; that is told once what was held has been taken. */
  #endRemote(stream: Http2Stream, trailers: HeaderList | undefined): void {
    if (stream.held.length > 0) {
      stream.heldEnd = { trailers };
      return;
    }
    this.#events.onStreamEnd(stream, trailers);
    this.#maybeClose(stream);
  }

  #checkDue(stream: Http2Stream, length: number, end: boolean): void {
    stream.due -= length;
    if (stream.due < 0 || (end && stream.due > 0))
      throw streamError(ErrorCode.PROTOCOL_ERROR, "Cannot accept body: content-length is another");
  }

  #onHeaders(flags: number, streamId: number, payload: Buffer): void {
    const server = this.#options.role === "server";
    if (streamId === 0 || (server && streamId % 2 === 0))
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        `Cannot read HEADERS: stream ${streamId} is not the peer's`,
      );
    let block = unpad(flags, payload);
    if ((flags & Flag.PRIORITY) !== 0) {
      if (block.length < 5)
        throw connectionError(ErrorCode.FRAME_SIZE_ERROR, "Cannot read HEADERS: it is too short");
      if ((block.readUInt32BE(0) & 0x7fffffff) === streamId) this.#spendControl();
      block = block.subarray(5);
    }
    const end = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) this.#onBlock(streamId, block, end);
    else this.#block = { streamId, end, parts: [Buffer.from(block)], bytes: block.length };
  }

  #onContinuation(flags: number, payload: Buffer): void {
    const block = this.#block;
    if (block === undefined)
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot read CONTINUATION: no header block is open",
      );
    block.parts.push(Buffer.from(payload));
    block.bytes += payload.length;
    if (block.parts.length > CONTINUATION_LIMIT || block.bytes > BLOCK_LIMIT_BYTES)
      throw connectionError(ErrorCode.ENHANCE_YOUR_CALM, "Cannot read header block: it has no end");
    if ((flags & Flag.END_HEADERS) === 0) return;
    this.#block = undefined;
    this.#onBlock(block.streamId, Buffer.concat(block.parts), block.end);
  }

  /** A whole header block. It is decoded whatever becomes of it, so that the tables stay in step. */
  #onBlock(streamId: number, block: Buffer, end: boolean): void {
    this.#fields.begin();
    let tooLarge = false;
    try {
      this.#decoder.decode(block, this.#fields);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      if (error.code === "malformed")
        throw connectionError(ErrorCode.COMPRESSION_ERROR, error.message);
      tooLarge = true;
    }
    const known = this.#streams.get(streamId);
    if (this.#options.role === "server" && known === undefined && streamId > this.#lastPeerId) {
      this.#accept(streamId, end, tooLarge);
      return;
    }
    const stream = known ?? this.#openStream(streamId);
    if (stream === undefined) return;
    if (tooLarge)
      throw streamError(ErrorCode.ENHANCE_YOUR_CALM, "Cannot accept header list: it is too large");
    if (stream.remoteEnded)
      throw streamError(ErrorCode.STREAM_CLOSED, "Cannot read HEADERS: the stream has ended");
    if (stream.headSeen) this.#onTrailers(stream, end);
    else this.#onResponse(stream, end);
  }

  #accept(streamId: number, end: boolean, tooLarge: boolean): void {
    this.#lastPeerId = streamId;
    const stream = new Http2Stream(streamId, this.#sender.initialWindow);
    if (this.#streams.size >= this.#options.maxConcurrentStreams)
      throw streamError(ErrorCode.REFUSED_STREAM, "Cannot accept stream: too many are open");
    if (tooLarge)
      throw streamError(ErrorCode.ENHANCE_YOUR_CALM, "Cannot accept header list: it is too large");
    const head = this.#fields.request();
    stream.due = end ? -1 : contentLengthOf(head.headers);
    if (end && contentLengthOf(head.headers) > 0)
      throw streamError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot accept request: content-length promises a body",
      );
    stream.headSeen = true;
    stream.remoteEnded = end;
    this.#streams.set(streamId, stream);
    this.#events.onRequest(stream, head, end);
  }

  #onResponse(stream: Http2Stream, end: boolean): void {
    const head = this.#fields.response();
    const informational = head.status < 200;
    if (informational && end)
      throw streamError(ErrorCode.PROTOCOL_ERROR, "Cannot accept response: 1xx ends the stream");
    if (!informational) {
      stream.headSeen = true;
      stream.remoteEnded = end;
      const length = contentLengthOf(head.headers);
      const bodiless = stream.bodiless || head.status === 204 || head.status === 304;
      if (bodiless) stream.due = 0;
      else if (!end) stream.due = length;
      else if (length > 0)
        throw streamError(
          ErrorCode.PROTOCOL_ERROR,
          "Cannot accept body: content-length is another",
        );
    }
    this.#events.onResponse(stream, head, end);
    if (end) this.#maybeClose(stream);
  }

  #onTrailers(stream: Http2Stream, end: boolean): void {
    if (!end)
      throw streamError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot accept trailers: they do not end the stream",
      );
    const trailers = this.#fields.trailers();
    if (stream.due > 0)
      throw streamError(ErrorCode.PROTOCOL_ERROR, "Cannot accept body: content-length is another");
    stream.remoteEnded = true;
    this.#endRemote(stream, trailers);
  }

  #onRstStream(streamId: number, payload: Buffer): void {
    if (payload.length !== 4)
      throw connectionError(ErrorCode.FRAME_SIZE_ERROR, "Cannot read RST_STREAM: bad length");
    if (streamId === 0 || this.#isIdle(streamId))
      throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot read RST_STREAM: the stream is idle");
    const stream = this.#streams.get(streamId);
    if (this.#options.role === "server" || stream === undefined) this.#spendReset();
    if (stream === undefined) return;
    this.#close(stream);
    const code = payload.readUInt32BE(0);
    this.#events.onReset(stream, {
      code,
      unprocessed: code === ErrorCode.REFUSED_STREAM,
      goAway: false,
    });
    this.#events.onChanged();
  }

  #onSettings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0)
      throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot read SETTINGS: it is on a stream");
    if ((flags & Flag.ACK) !== 0) {
      if (payload.length !== 0)
        throw connectionError(
          ErrorCode.FRAME_SIZE_ERROR,
          "Cannot read SETTINGS: ACK has a payload",
        );
      return;
    }
    if (this.#settingsSeen) this.#spendControl();
    this.#settingsSeen = true;
    for (const [id, value] of decodeSettings(payload)) this.#setting(id, value);
    this.#sender.writer.frame(FrameType.SETTINGS, Flag.ACK, 0, payload.subarray(0, 0));
    this.#events.onChanged();
  }

  #setting(id: number, value: number): void {
    if (id === SettingId.INITIAL_WINDOW_SIZE)
      this.#sender.setInitialWindow(value, this.#streams.values());
    else if (id === SettingId.HEADER_TABLE_SIZE) this.#sender.encoder.setTableLimit(value);
    else if (id === SettingId.MAX_CONCURRENT_STREAMS) this.#peerStreams = value;
    else if (id === SettingId.ENABLE_PUSH && value === 1 && this.#options.role === "client")
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot use settings: a server may not enable push",
      );
  }

  #onPing(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0)
      throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot read PING: it is on a stream");
    if (payload.length !== 8)
      throw connectionError(ErrorCode.FRAME_SIZE_ERROR, "Cannot read PING: it has not 8 bytes");
    if ((flags & Flag.ACK) === 0) {
      this.#spendControl();
      this.#sender.writer.frame(FrameType.PING, Flag.ACK, 0, payload);
    } else if (payload.equals(DRAIN_PING))
      this.#sender.writer.goAway(this.#lastPeerId, ErrorCode.NO_ERROR);
  }

  #onGoAway(streamId: number, payload: Buffer): void {
    if (streamId !== 0)
      throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot read GOAWAY: it is on a stream");
    if (payload.length < 8)
      throw connectionError(ErrorCode.FRAME_SIZE_ERROR, "Cannot read GOAWAY: it is too short");
    this.#goneAway = true;
    const last = payload.readUInt32BE(0) & 0x7fffffff;
    const code = payload.readUInt32BE(4);
    if (this.#options.role === "client")
      this.#abandon({ code, unprocessed: true, goAway: true }, last);
    this.#events.onChanged();
  }

  #onWindowUpdate(streamId: number, payload: Buffer): void {
    if (payload.length !== 4)
      throw connectionError(ErrorCode.FRAME_SIZE_ERROR, "Cannot read WINDOW_UPDATE: bad length");
    const increment = payload.readUInt32BE(0) & 0x7fffffff;
    if (streamId === 0) {
      if (increment === 0)
        throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot widen window: by nothing");
      this.#sender.connectionWindow(increment);
      return;
    }
    const stream = this.#openStream(streamId);
    if (increment === 0)
      throw streamError(ErrorCode.PROTOCOL_ERROR, "Cannot widen window: by nothing");
    if (stream === undefined || stream.queuedBytes === 0) this.#spendControl();
    if (stream !== undefined) this.#sender.streamWindow(stream, increment);
  }

  #onPriority(streamId: number, payload: Buffer): void {
    if (streamId === 0)
      throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot read PRIORITY: it is on stream 0");
    if (payload.length !== 5)
      throw streamError(ErrorCode.FRAME_SIZE_ERROR, "Cannot read PRIORITY: bad length");
    this.#spendControl();
  }

  /** The stream, or undefined for one that is closed and may still hear late frames. Throws where that is an error. */
  #openStream(streamId: number): Http2Stream | undefined {
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) return stream;
    if (this.#isIdle(streamId))
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        `Cannot read frame: stream ${streamId} is idle`,
      );
    if (this.#resetByUs.has(streamId)) {
      this.#spendControl();
      return undefined;
    }
    return undefined;
  }

  #isIdle(streamId: number): boolean {
    const peers =
      streamId % 2 === 1 ? this.#options.role === "server" : this.#options.role === "client";
    if (!peers) return streamId >= this.#nextId;
    return streamId > this.#lastPeerId;
  }

  #creditConnection(bytes: number): void {
    this.#received += bytes;
    const window = Math.max(this.#options.connectionWindowBytes, DEFAULT_WINDOW_BYTES);
    if (this.#received > window)
      throw connectionError(
        ErrorCode.FLOW_CONTROL_ERROR,
        "Cannot read DATA: it exceeds the connection's window",
      );
    if (this.#received * 2 < window) return;
    this.#sender.writer.windowUpdate(0, this.#received);
    this.#received = 0;
  }

  #creditStream(stream: Http2Stream): void {
    if (
      stream.closed ||
      stream.remoteEnded ||
      stream.received * 2 < this.#options.streamWindowBytes
    )
      return;
    this.#sender.writer.windowUpdate(stream.id, stream.received);
    stream.received = 0;
  }

  #maybeClose(stream: Http2Stream): void {
    if (stream.closed || !stream.localEnded || !stream.remoteEnded || stream.heldEnd !== undefined)
      return;
    this.#resets.earn();
    this.#control.earn();
    this.#close(stream);
    this.#events.onChanged();
  }

  #close(stream: Http2Stream): void {
    stream.closed = true;
    this.#sender.forget(stream);
    this.#streams.delete(stream.id);
  }

  #failStream(streamId: number, error: Http2Error): void {
    this.#spendReset();
    this.#sender.writer.rstStream(streamId, error.code);
    this.#rememberReset(streamId);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    this.#close(stream);
    this.#events.onReset(stream, { code: error.code, unprocessed: false, goAway: false });
    this.#events.onChanged();
  }

  #fail(error: unknown): void {
    const failure =
      error instanceof Http2Error
        ? error
        : connectionError(ErrorCode.INTERNAL_ERROR, `Cannot go on: ${String(error)}`);
    this.#failure = failure;
    this.#sender.writer.goAway(this.#lastPeerId, failure.code);
    this.#abandon({ code: failure.code, unprocessed: false, goAway: false });
    if (!(error instanceof Http2Error)) throw error;
  }

  #abandon(
    how: { readonly code: number; readonly unprocessed: boolean; readonly goAway: boolean },
    after = 0,
  ): void {
    for (const stream of [...this.#streams.values()]) {
      if (stream.id <= after) continue;
      this.#close(stream);
      this.#events.onReset(stream, how);
    }
  }

  #rememberReset(streamId: number): void {
    this.#resetByUs.add(streamId);
    if (this.#resetByUs.size <= RESET_MEMORY_LIMIT) return;
    for (const oldest of this.#resetByUs) {
      this.#resetByUs.delete(oldest);
      break;
    }
  }

  #spendReset(): void {
    if (!this.#resets.spend(this.#nowMs))
      throw connectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        "Cannot go on: too many streams were reset",
      );
  }

  #spendControl(): void {
    if (!this.#control.spend(this.#nowMs))
      throw connectionError(ErrorCode.ENHANCE_YOUR_CALM, "Cannot go on: too many control frames");
  }
}

/** A payload without its padding (RFC 9113 §6.1). */
function unpad(flags: number, payload: Buffer): Buffer {
  if ((flags & Flag.PADDED) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length)
    throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot read frame: padding exceeds it");
  return payload.subarray(1, payload.length - padding);
}
