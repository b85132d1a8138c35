/** An HTTP/2 connection as a state machine without I/O: bytes in, events out, bytes to write gathered (RFC 9113). */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { PeerBudgets } from "./budget.ts";
import { Drain } from "./drain.ts";
import { Flag, type Frame, type FrameSink, FrameType, PREFACE } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { checkShape } from "./frame-shape.ts";
import { connectionError, ErrorCode, Http2Error } from "./http2-error.ts";
import type { Http2Events } from "./http2-events.ts";
import type { Http2Options } from "./http2-options.ts";
import { PeerSettings } from "./peer-settings.ts";
import { Sender } from "./sender.ts";
import { greeting, MAX_WINDOW } from "./settings.ts";
import { Http2Stream } from "./stream.ts";
import { StreamReceiver } from "./stream-receiver.ts";

const NOTHING: Buffer = Buffer.alloc(0);

/** One connection, either role. */
export class Http2Connection implements FrameSink {
  readonly #options: Http2Options;
  readonly #events: Http2Events;
  readonly #reader: FrameReader;
  readonly #sender: Sender;
  readonly #streams: StreamReceiver;
  readonly #budgets: PeerBudgets;
  readonly #peer: PeerSettings;
  readonly #drain: Drain;
  #goneAway = false;
  #failure: Http2Error | undefined;

  constructor(options: Http2Options, events: Http2Events) {
    this.#options = options;
    this.#events = events;
    this.#reader = new FrameReader(options.role, options.maxFrameBytes);
    this.#budgets = new PeerBudgets(options.nowMs, options.maxResets);
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
    this.#peer = new PeerSettings(options.role, {
      sender: this.#sender,
      table: this.#streams.table,
    });
    this.#drain = new Drain(writer, this.#streams);
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
    return !this.#peer.seen || this.#streams.blocks.openStream !== 0;
  }

  /** Whether the server takes extended CONNECT (RFC 8441 §3); undefined before it has said so. */
  get connectProtocol(): boolean | undefined {
    return this.#peer.connectProtocol;
  }

  get draining(): boolean {
    return this.#drain.begun;
  }

  /** Whether the last stream has ended after a drain or GOAWAY: nothing more will happen. */
  get finished(): boolean {
    return (this.#drain.over || this.#goneAway) && this.#streams.table.size === 0;
  }

  /** Whether a client may open a further stream. */
  get available(): boolean {
    const open = !this.#drain.begun && !this.#goneAway && this.#failure === undefined;
    return (
      open && !this.#streams.table.exhausted && this.#streams.table.size < this.#peer.maxStreams
    );
  }

  /** Takes in bytes, `most` worth (TURN_COST); returns how many. The peer's error is in `failure`, receivers' are thrown. */
  receive(chunk: Uint8Array, nowMs: number, most?: number): number {
    if (this.#failure !== undefined) return chunk.length;
    this.#budgets.nowMs = nowMs;
    try {
      return this.#reader.receive(chunk, this, most);
    } catch (error) {
      const ours = !(error instanceof Http2Error);
      const code = ErrorCode.INTERNAL_ERROR;
      this.#fail(ours ? connectionError(code, `Cannot go on: ${String(error)}`) : error);
      if (ours) throw error;
      return chunk.length;
    }
  }

  /** Opens a stream (client); `available` must hold. */
  open(head: RequestHead, end: boolean): Http2Stream {
    const stream = new Http2Stream(this.#streams.table.takeId(), this.#sender.initialWindow);
    stream.bodiless = head.method === "HEAD";
    stream.tunnel = head.method === "CONNECT";
    this.#streams.table.add(stream);
    // Its numbers are used up: another connection takes its place.
    if (this.#streams.table.exhausted) this.#drain.begun = true;
    this.#sender.request(stream, head, end);
    return stream;
  }

  respond(stream: Http2Stream, head: ResponseHead, end: boolean): void {
    if (stream.closed || stream.localEnded) return;
    if (head.status >= 300) stream.tunnel = false;
    this.#sender.response(stream, head, end);
  }

  /** False: stop until `onWritable`. */
  send(stream: Http2Stream, bytes: Uint8Array, from = 0, to: number = bytes.length): boolean {
    if (stream.closed || stream.localEnded || stream.endQueued) return true;
    return this.#sender.data(stream, bytes, from, to);
  }

  end(stream: Http2Stream, trailers: HeaderList | undefined): void {
    if (!stream.closed) this.#sender.end(stream, trailers);
  }

  /** Ends a stream at once from our side; its owner hears nothing more of it. */
  reset(stream: Http2Stream, code: number): void {
    if (!stream.closed) this.#streams.reset(stream, code);
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
    if (this.#drain.begun) return;
    this.#drain.begun = true;
    if (this.#options.role === "server") this.#drain.ask();
  }

  /** All that was written is on its way to the peer. */
  sent(): void {
    this.#budgets.repliesSent();
  }

  /** Time has passed: a stream whose peer has let nothing of what is queued out for `limitMs` is reset. */
  tick(elapsedMs: number, limitMs: number): void {
    for (const { id } of this.#sender.stalled(elapsedMs, limitMs))
      this.#streams.breakOff(id, ErrorCode.CANCEL);
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
    if (!this.#peer.seen && (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0))
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
        this.#onSettings(flags, frame.view());
        break;
      case FrameType.PING:
        this.#onPing(flags, frame.view());
        break;
      case FrameType.GOAWAY:
        this.#onGoAway(bytes.readUInt32BE(from) & MAX_WINDOW, bytes.readUInt32BE(from + 4));
        break;
      case FrameType.WINDOW_UPDATE:
        this.#streams.onWindowUpdate(streamId, bytes.readUInt32BE(from) & MAX_WINDOW);
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
    if (stream === undefined) {
      this.#streams.table.forgetReset(streamId);
      return;
    }
    if (code === ErrorCode.NO_ERROR && this.#streams.stopRequest(stream)) return;
    const unprocessed = code === ErrorCode.REFUSED_STREAM;
    this.#streams.lose(stream, { code, unprocessed, goAway: false });
  }

  #onSettings(flags: number, payload: Buffer): void {
    if (this.#peer.seen) this.#budgets.spendControl();
    if ((flags & Flag.ACK) !== 0) {
      this.#streams.windows.settled = true;
      return;
    }
    this.#budgets.spendReply();
    this.#peer.take(payload, this.#acknowledge);
    this.#events.onChanged();
  }

  readonly #acknowledge = (): void => {
    this.#sender.writer.frame(FrameType.SETTINGS, Flag.ACK, 0, NOTHING);
  };

  #onPing(flags: number, payload: Buffer): void {
    this.#budgets.spendControl();
    if ((flags & Flag.ACK) === 0) {
      this.#budgets.spendReply();
      this.#sender.writer.frame(FrameType.PING, Flag.ACK, 0, payload);
    } else this.#drain.onPong(payload);
  }

  #onGoAway(last: number, code: number): void {
    this.#budgets.spendControl();
    this.#goneAway = true;
    if (this.#options.role === "client")
      this.#streams.abandon({ code, unprocessed: true, goAway: true }, last);
    this.#events.onChanged();
  }

  #failStream(streamId: number, error: Http2Error): void {
    const { code } = error;
    const { table } = this.#streams;
    this.#budgets.spendBrokenStream();
    // No stream is reset that never was (RFC 9113 §6.4).
    if (table.isIdle(streamId)) throw connectionError(code, error.message);
    this.#streams.breakOff(streamId, code);
  }

  #fail(failure: Http2Error): void {
    const { code } = failure;
    this.#failure = failure;
    this.#sender.writer.goAway(this.#streams.table.lastPeerId, code);
    this.#streams.abandon({ code, unprocessed: false, goAway: false }, 0);
  }
}
