/** The receiving half of an HTTP/2 connection's streams: heads, data and trailers into events (RFC 9113 §8). */

import type { HeaderList } from "#lib/http/headers.ts";
import { INFORMATIONAL_LIMIT } from "#lib/http/semantics.ts";
import { deliver, promise } from "./body-due.ts";
import type { PeerBudgets } from "./budget.ts";
import { Flag, type Frame } from "./frame.ts";
import { selfDependence, unpad } from "./frame-shape.ts";
import { type Block, HeaderBlocks } from "./header-blocks.ts";
import { connectionError, ErrorCode, streamError } from "./http2-error.ts";
import type { Http2Events, StreamLoss } from "./http2-events.ts";
import type { Http2Options } from "./http2-options.ts";
import { ReceiveWindows } from "./receive-windows.ts";
import type { Sender } from "./sender.ts";
import { Http2Stream } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

/** Opens, feeds and closes the streams of one connection. */
export class StreamReceiver {
  readonly table: StreamTable;
  readonly blocks: HeaderBlocks;
  readonly windows: ReceiveWindows;
  /** The last GOAWAY is out: streams above its number are not processed (RFC 9113 §6.8). */
  refusing = false;
  readonly #events: Http2Events;
  readonly #sender: Sender;
  readonly #budgets: PeerBudgets;
  readonly #maxStreams: number;
  readonly #role: Http2Options["role"];

  constructor(
    options: Http2Options,
    to: { readonly events: Http2Events; readonly sender: Sender; readonly budgets: PeerBudgets },
  ) {
    this.table = new StreamTable(options.role, options.lastStreamId);
    this.blocks = new HeaderBlocks(options.maxHeaderListBytes);
    this.windows = new ReceiveWindows(to.sender.writer, options);
    this.#events = to.events;
    this.#sender = to.sender;
    this.#budgets = to.budgets;
    this.#maxStreams = options.maxConcurrentStreams;
    this.#role = options.role;
  }

  /** DATA came; padding counts against the windows too. */
  onData(frame: Frame): void {
    this.windows.onConnection(frame.length);
    const stream = this.table.find(frame.streamId);
    if (stream === undefined) {
      this.#ignore(frame.streamId, (frame.flags & Flag.END_STREAM) !== 0);
      if (frame.length === 0) this.#budgets.spendControl();
      return;
    }
    if (stream.remoteEnded)
      throw streamError(ErrorCode.STREAM_CLOSED, "Cannot read DATA: the stream has ended");
    if (!stream.headSeen)
      throw streamError(ErrorCode.PROTOCOL_ERROR, "Cannot read DATA: it comes before the head");
    this.windows.onStream(stream, frame.length);
    const end = (frame.flags & Flag.END_STREAM) !== 0;
    unpad(frame);
    if (frame.length === 0 && !end) this.#budgets.spendControl();
    deliver(stream, frame.length, end);
    stream.remoteEnded = end;
    if (frame.length > 0) {
      if (stream.paused) this.#hold(stream, frame);
      else this.#events.onStreamBytes(stream, frame.bytes, frame.from, frame.to);
    }
    if (end) this.#endRemote(stream, undefined);
    else if (!stream.paused) this.windows.credit(stream);
  }

  /** WINDOW_UPDATE came, for the connection or a stream. */
  onWindowUpdate(streamId: number, increment: number): void {
    this.#budgets.spendWindowUpdate(this.#sender.dataFrames);
    if (streamId === 0) {
      if (increment === 0)
        throw connectionError(ErrorCode.PROTOCOL_ERROR, "Cannot widen window: by nothing");
      this.#sender.connectionWindow(increment);
      return;
    }
    const stream = this.table.find(streamId);
    if (increment === 0)
      throw streamError(ErrorCode.PROTOCOL_ERROR, "Cannot widen window: by nothing");
    if (stream !== undefined) this.#sender.streamWindow(stream, increment);
  }

  #hold(stream: Http2Stream, frame: Frame): void {
    stream.hold(frame.view());
    this.windows.hold(frame.length);
  }

  /** Hands over what was held while the stream was paused, and lets more in. */
  release(stream: Http2Stream): void {
    while (stream.holds && !stream.paused && !stream.closed) this.#unhold(stream);
    if (stream.paused || stream.closed) return;
    const end = stream.heldEnd;
    stream.heldEnd = undefined;
    if (end !== undefined) this.#endRemote(stream, end.trailers);
    else this.windows.credit(stream);
  }

  #unhold(stream: Http2Stream): void {
    const bytes = stream.unhold();
    this.windows.hold(-bytes.length);
    this.#events.onStreamBytes(stream, bytes, 0, bytes.length);
  }

  /** The peer has ended the stream; its owner hears that once it has taken what was held. */
  #endRemote(stream: Http2Stream, trailers: HeaderList | undefined): void {
    if (stream.closed) return;
    if (stream.holds) {
      stream.heldEnd = { trailers };
      return;
    }
    this.#events.onStreamEnd(stream, trailers);
    this.#endResponse(stream);
  }

  /** A header block came, if it is complete: a request, a response or trailers. */
  onBlock(block: Block | undefined): void {
    if (block === undefined) return;
    const { streamId, end } = block;
    if (this.table.opens(streamId)) {
      this.#accept(block);
      return;
    }
    const stream = this.table.find(streamId);
    if (stream === undefined) {
      this.#ignore(streamId, end);
      this.#budgets.spendControl();
      return;
    }
    this.#judge(block);
    if (stream.remoteEnded)
      throw streamError(ErrorCode.STREAM_CLOSED, "Cannot read HEADERS: the stream has ended");
    if (stream.headSeen) this.#onTrailers(stream, end);
    else this.#onResponse(stream, end);
  }

  #accept(block: Block): void {
    const { streamId, end } = block;
    if (this.refusing || this.table.size >= this.#maxStreams)
      throw streamError(ErrorCode.REFUSED_STREAM, "Cannot accept stream: no more are taken");
    this.#judge(block);
    const head = this.blocks.fields.request();
    const stream = new Http2Stream(streamId, this.#sender.initialWindow);
    promise(stream, head.headers, { end, bodiless: false });
    stream.headSeen = true;
    stream.remoteEnded = end;
    stream.tunnel = head.method === "CONNECT";
    this.table.add(stream);
    this.#events.onRequest(stream, head, end);
  }

  /** A frame came for a stream that is closed. Throws where it was not sent before the peer could know. */
  #ignore(streamId: number, end: boolean): void {
    this.table.checkLate(streamId);
    if (end) this.table.forgetReset(streamId);
  }

  #judge({ selfDependent, tooLarge }: Block): void {
    if (tooLarge)
      throw streamError(ErrorCode.ENHANCE_YOUR_CALM, "Cannot accept header list: it is too large");
    if (selfDependent) throw selfDependence();
  }

  #onResponse(stream: Http2Stream, end: boolean): void {
    const head = this.blocks.fields.response();
    const { status } = head;
    if (status < 200) {
      if (end)
        throw streamError(ErrorCode.PROTOCOL_ERROR, "Cannot accept response: 1xx ends the stream");
      stream.informational += 1;
      if (stream.informational > INFORMATIONAL_LIMIT)
        throw streamError(ErrorCode.ENHANCE_YOUR_CALM, "Cannot go on: 1xx responses have no end");
      this.#events.onResponse(stream, head, false);
      return;
    }
    if (status >= 300) stream.tunnel = false;
    promise(stream, head.headers, {
      end,
      bodiless: stream.bodiless || status === 204 || status === 304,
    });
    stream.headSeen = true;
    stream.remoteEnded = end;
    this.#events.onResponse(stream, head, end);
    if (end) this.#endResponse(stream);
  }

  #onTrailers(stream: Http2Stream, end: boolean): void {
    if (!end)
      throw streamError(ErrorCode.PROTOCOL_ERROR, "Cannot accept trailers: the stream goes on");
    const trailers = this.blocks.fields.trailers();
    deliver(stream, 0, true);
    stream.remoteEnded = true;
    this.#endRemote(stream, trailers);
  }

  /**
   * We have sent our last frame. A server that has answered wants no more of the request and says so (RFC 9113 §8.1);
   * what it held of one that has ended is dropped.
   */
  endLocal(stream: Http2Stream): void {
    if (this.#role === "client" || stream.tunnel) this.#maybeClose(stream);
    else if (stream.remoteEnded) this.#finish(stream);
    else this.#cut(stream, ErrorCode.NO_ERROR);
  }

  /**
   * The server has answered and wants no more of the request, which ends here; the response is whole and not to be
   * lost (RFC 9113 §8.1). False where it is not whole.
   */
  stopRequest(stream: Http2Stream): boolean {
    if (this.#role === "server" || !stream.remoteEnded) return false;
    this.#sender.forget(stream);
    stream.localEnded = true;
    // A tunnel's other way may still be open: who waits to send in it goes on, into nothing.
    if (stream.tunnel) this.#events.onWritable(stream);
    this.#maybeClose(stream);
    return true;
  }

  /** The peer's last frame was handed over. An exchange ends with its response: the rest of a request is called off. */
  #endResponse(stream: Http2Stream): void {
    if (this.#role === "server" || stream.localEnded || stream.tunnel) this.#maybeClose(stream);
    else if (!stream.closed) this.#cut(stream, ErrorCode.CANCEL);
  }

  /** Closes a stream whose sides have both ended. */
  #maybeClose(stream: Http2Stream): void {
    if (stream.localEnded && stream.remoteEnded && !stream.heldEnd) this.#finish(stream);
  }

  #finish(stream: Http2Stream): void {
    if (stream.closed) return;
    this.#budgets.earn();
    this.close(stream);
    this.#events.onChanged(stream);
  }

  #cut(stream: Http2Stream, code: number): void {
    this.reset(stream, code);
    this.#events.onChanged(stream);
  }

  /** Ends a stream from our side; its owner hears nothing more of it. */
  reset(stream: Http2Stream, code: number): void {
    this.#sender.writer.rstStream(stream.id, code);
    this.table.noteReset(stream.id);
    this.close(stream);
  }

  /** Closes a stream; its owner hears nothing more of it. */
  close(stream: Http2Stream): void {
    stream.closed = true;
    if (stream.heldBytes > 0) this.windows.hold(-stream.heldBytes);
    stream.heldBytes = 0;
    this.#sender.forget(stream);
    this.table.delete(stream);
  }

  /** Closes a stream and tells its owner why. */
  lose(stream: Http2Stream, how: StreamLoss): void {
    this.close(stream);
    this.#events.onReset(stream, how);
    this.#events.onChanged();
  }

  /** Resets a stream, and tells its owner where it is open. */
  breakOff(streamId: number, code: number): void {
    const stream = this.table.get(streamId);
    this.#sender.writer.rstStream(streamId, code);
    this.table.noteReset(streamId);
    if (stream !== undefined) this.lose(stream, { code, unprocessed: false, goAway: false });
  }

  /** Loses every stream above a number, but for responses that are here as a whole and wait for their receiver. */
  abandon(how: StreamLoss, after: number): void {
    for (const stream of this.table.all()) {
      if (stream.id <= after) continue;
      // Of a tunnel the other way ends here.
      if (stream.heldEnd !== undefined && this.stopRequest(stream)) continue;
      if (how.goAway) this.table.noteReset(stream.id);
      this.close(stream);
      this.#events.onReset(stream, how);
    }
  }
}
