/** One stream of a connection: which sides have ended, its windows, and what waits to be sent. */

import { ByteChunks } from "#lib/bytes/byte-chunks.ts";
import type { HeaderList } from "#lib/http/headers.ts";

/** State of a stream; its connection alone changes it. */
export class Http2Stream {
  readonly id: number;
  /** Whatever the driver keeps for this stream; set when the stream is handed over. */
  owner: unknown;
  /** How many bytes the peer lets us send. May be negative after its settings changed. */
  sendWindow: number;
  /** Bytes received since the last WINDOW_UPDATE. */
  received = 0;
  paused = false;
  /** The end that came while something was held. */
  heldEnd: { readonly trailers: HeaderList | undefined } | undefined;
  localEnded = false;
  remoteEnded = false;
  closed = false;
  /** The final head came (client), or the request did (server): what follows is trailers. */
  headSeen = false;
  /** The request was HEAD: its response has no body, whatever its content-length says. */
  bodiless = false;
  /** CONNECT: each side may end alone (RFC 9113 §8.5). */
  tunnel = false;
  /** 1xx responses so far. */
  informational = 0;
  /** How long what is queued has waited without any of it going out, in milliseconds. */
  stalledMs = 0;
  /** Bytes still due by content-length; -1 where it was not said. */
  due = -1;
  /** DATA that no window has let through yet; made when there is some. */
  queue: Uint8Array[] | undefined;
  queuedBytes = 0;
  endQueued = false;
  trailers: HeaderList | undefined;
  /** How many bytes of what arrived wait for the stream's owner. */
  heldBytes = 0;
  /** What arrived while paused, at most a window; made when there is some. */
  #held: ByteChunks | undefined;

  constructor(id: number, sendWindow: number) {
    this.id = id;
    this.sendWindow = sendWindow;
  }

  /** Whether something that arrived while paused waits for the stream's owner. */
  get holds(): boolean {
    return this.#held !== undefined && !this.#held.empty;
  }

  /** Keeps a copy of what arrived. */
  hold(data: Buffer): void {
    this.#held ??= new ByteChunks();
    this.#held.push(data);
    this.heldBytes += data.length;
  }

  /** The oldest of what was kept; there must be some. */
  unhold(): Buffer {
    const data = this.#held?.shift() as Buffer;
    this.heldBytes -= data.length;
    return data;
  }
}
