/** An HTTP/2 connection as a state machine without I/O: bytes in, events out, bytes to write gathered (RFC 9113). */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { PeerBudgets } from "./budget.ts";
import { Flag, type Frame, type FrameSink, FrameType, PREFACE } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { checkShape } from "./frame-shape.ts";
import { connectionError, ErrorCode, Http2Error, streamError } from "./http2-error.ts";
import type { Http2Events } from "./http2-events.ts";
import { CLIENT_STREAMS, type Http2Options } from "./http2-options.ts";
import { Sender } from "./sender.ts";
import { decodeSettings, greeting, MAX_WINDOW, SettingId } from "./settings.ts";
import { Http2Stream } from "./stream.ts";
import { StreamReceiver } from "./stream-receiver.ts";

const DRAIN_PING: Buffer = Buffer.from("drain!\0\0", "latin1");
const NOTHING: Buffer = Buffer.alloc(0);

/** One connection, either role. */
export class Http2Connection implements FrameSink {
  readonly #options: Http2Options;
  readonly #events: Http2Events;
  readonly #reader: FrameReader;
  readonly #sender: Sender;
  readonly #streams: StreamReceiver;
  readonly #budgets: PeerBudgets;
  #peerStreams = CLIENT_STREAMS.beforeSettings;
  #settingsSeen = false;
  #draining = false;
  /** A server waits for the answer to its drain's ping: requests that the peer sent before it saw GOAWAY still come. */
  #drainAsked = false;
  #goneAway = false;
  #failure: Http2Error | undefined;

  constructor(options: Http2Options, events: Http2Events) {
    this.#options = options;
    this.#events = events;
    this.#reader = new FrameReader(options.role);
    this.#budgets = new PeerBudgets(options.nowMs);
    this.#sender = new Sender({
      onWritable: (stream) => events.onWritable(stream),
      onLocalEnd: (stream) => this.#streams.endLocal(stream),
    });
    const { writer } = this.#sender;
    this.#streams = new StreamReceiver(options, {
      events,
      sender: this.#sender,
      budgets: this.#budgets,
    });
    if (options.role === "client") writer.out.push(PREFACE);
    writer.frame(FrameType.SETTINGS, 0, 0, greeting(options));
    this.#streams.windows.open();
  }

  /** What must be written; the driver takes its view and clears it. */
  get out(): { readonly bytes: Buffer; readonly length: number; view(): Buffer; clear(): void } {
    return this.#sender.writer.out;
  }

  get activeStreams(): number {
    return this.#streams.table.size;
  }

  /** Why the connection must be closed once `out` is written; undefined while it is sound. */
  get failure(): Http2Error | undefined {
    return this.#failure;
  }

  /** Whether the peer owes us the rest of something it must send at once: its preface and settings, or a header block. */
  get awaiting(): boolean {
    return !this.#settingsSeen || this.#streams.blocks.openStream !== 0;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Whether the last stream has ended after a drain or GOAWAY: nothing more will happen. */
  get finished(): boolean {
    const over = (this.#draining && !this.#drainAsked) || this.#goneAway;
    return over && this.#streams.table.size === 0;
  }

  /** Whether a client may open a further stream. */
  get available(): boolean {
    const open = !this.#draining && !this.#goneAway && this.#failure === undefined;
    return open && !this.#streams.table.exhausted && this.#streams.table.size < this.#peerStreams;
  }

  /** Takes in bytes of the peer. An error of the peer ends up in `failure`; what an event's receiver throws is thrown. */
  receive(chunk: Uint8Array, nowMs: number): void {
    if (this.#failure !== undefined) return;
    this.#budgets.nowMs = nowMs;
    try {
      this.#reader.receive(chunk, this);
    } catch (error) {
      if (error instanceof Http2Error) this.#fail(error);
      else {
        this.#fail(connectionError(ErrorCode.INTERNAL_ERROR, `Cannot go on: ${String(error)}`));
        throw error;
      }
    }
  }

  /** Opens a stream (client); `available` must hold. */
  open(head: RequestHead, end: boolean): Http2Stream {
    const stream = new Http2Stream(this.#streams.table.takeId(), this.#sender.initialWindow);
    stream.bodiless = head.method === "HEAD";
    stream.tunnel = head.method === "CONNECT";
    this.#streams.table.add(stream);
    this.#sender.request(stream, head, end);
    return stream;
  }

  respond(stream: Http2Stream, head: ResponseHead, end: boolean): void {
    if (stream.closed || stream.localEnded) return;
    if (head.status >= 300) stream.tunnel = false;
    this.#sender.response(stream, head, end);
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
    this.#streams.close(stream);
  }

  /** Lets no more in than the window that is open; what is on its way still arrives. */
  pause(stream: Http2Stream): void {
    stream.paused = true;
  }

  resume(stream: Http2Stream): void {
    stream.paused = false;
    this.#streams.release(stream);
  }

  /** Asks the peer for an answer of 8 bytes, to learn whether it is there. */
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
    this.#drainAsked = true;
  }

  /** The transport is gone: every stream ends. */
  disconnected(): void {
    this.#streams.abandon({ code: ErrorCode.INTERNAL_ERROR, unprocessed: false, goAway: false }, 0);
  }

  onFrame(frame: Frame): void {
    const { type, flags, streamId } = frame;
    const { openStream } = this.#streams.blocks;
    if (openStream !== 0 && (type !== FrameType.CONTINUATION || streamId !== openStream))
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot read frame: a header block is not finished",
      );
    if (!this.#settingsSeen && (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0))
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot serve connection: SETTINGS must come first",
      );
    try {
      checkShape(frame);
      this.#dispatch(frame);
    } catch (error) {
      if (!(error instanceof Http2Error) || error.dies === "connection") throw error;
      this.#failStream(streamId, error);
    }
  }

  #dispatch(frame: Frame): void {
    const { bytes, flags, from, streamId } = frame;
    switch (frame.type) {
      case FrameType.DATA:
        this.#streams.onData(frame);
        break;
      case FrameType.HEADERS:
        this.#streams.onBlock(this.#streams.blocks.headers(frame));
        break;
      case FrameType.CONTINUATION:
        this.#streams.onBlock(this.#streams.blocks.continuation(frame));
        break;
      case FrameType.RST_STREAM:
        this.#onRstStream(streamId, bytes.readUInt32BE(from));
        break;
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) === 0) this.#onSettings(frame.view());
        break;
      case FrameType.PING:
        this.#onPing(flags, frame.view());
        break;
      case FrameType.GOAWAY:
        this.#onGoAway(bytes.readUInt32BE(from) & MAX_WINDOW, bytes.readUInt32BE(from + 4));
        break;
      case FrameType.WINDOW_UPDATE:
        this.#onWindowUpdate(streamId, bytes.readUInt32BE(from) & MAX_WINDOW);
        break;
      case FrameType.PUSH_PROMISE:
        throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot accept PUSH_PROMISE: push is off");
      default:
        this.#budgets.spendControl();
    }
  }

  #onRstStream(streamId: number, code: number): void {
    const stream = this.#streams.table.find(streamId);
    if (this.#options.role === "server" || stream === undefined) this.#budgets.spendReset();
    if (stream === undefined) return;
    if (code === ErrorCode.NO_ERROR && this.#streams.stopRequest(stream)) return;
    const unprocessed = code === ErrorCode.REFUSED_STREAM;
    this.#streams.lose(stream, { code, unprocessed, goAway: false });
  }

  #onSettings(payload: Buffer): void {
    if (this.#settingsSeen) this.#budgets.spendControl();
    else this.#peerStreams = CLIENT_STREAMS.unlessSaid;
    this.#settingsSeen = true;
    for (const [id, value] of decodeSettings(payload)) this.#setting(id, value);
    this.#sender.writer.frame(FrameType.SETTINGS, Flag.ACK, 0, NOTHING);
    this.#events.onChanged();
  }

  #setting(id: number, value: number): void {
    if (id === SettingId.INITIAL_WINDOW_SIZE)
      this.#sender.setInitialWindow(value, this.#streams.table.all());
    else if (id === SettingId.HEADER_TABLE_SIZE) this.#sender.encoder.setTableLimit(value);
    else if (id === SettingId.MAX_CONCURRENT_STREAMS) this.#peerStreams = value;
    else if (id === SettingId.ENABLE_PUSH && value === 1 && this.#options.role === "client")
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot use settings: a server may not enable push",
      );
  }

  #onPing(flags: number, payload: Buffer): void {
    const { writer } = this.#sender;
    if ((flags & Flag.ACK) === 0) {
      this.#budgets.spendControl();
      writer.frame(FrameType.PING, Flag.ACK, 0, payload);
    } else if (this.#drainAsked && payload.equals(DRAIN_PING)) {
      this.#drainAsked = false;
      writer.goAway(this.#streams.table.lastPeerId, ErrorCode.NO_ERROR);
    }
  }

  #onGoAway(last: number, code: number): void {
    this.#goneAway = true;
    if (this.#options.role === "client")
      this.#streams.abandon({ code, unprocessed: true, goAway: true }, last);
    this.#events.onChanged();
  }

  #onWindowUpdate(streamId: number, increment: number): void {
    this.#budgets.spendWindowUpdate(this.#sender.dataFrames);
    if (streamId === 0) {
      if (increment === 0)
        throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot widen window: by nothing");
      this.#sender.connectionWindow(increment);
      return;
    }
    const stream = this.#streams.table.find(streamId);
    if (increment === 0)
      throw streamError(ErrorCode.PROTOCOL_ERROR, "Cannot widen window: by nothing");
    if (stream !== undefined) this.#sender.streamWindow(stream, increment);
  }

  #failStream(streamId: number, { code }: Http2Error): void {
    this.#budgets.spendReset();
    this.#sender.writer.rstStream(streamId, code);
    const stream = this.#streams.table.get(streamId);
    if (stream !== undefined)
      this.#streams.lose(stream, { code, unprocessed: false, goAway: false });
  }

  #fail(failure: Http2Error): void {
    this.#failure = failure;
    this.#sender.writer.goAway(this.#streams.table.lastPeerId, failure.code);
    this.#streams.abandon({ code: failure.code, unprocessed: false, goAway: false }, 0);
  }
}
