/** What has been sent of a request's body, kept until an answer shows that it need not be sent again. */

import { ByteChunks } from "#lib/bytes/byte-chunks.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { ClientStream } from "#lib/http-io/exchange.ts";

/** Bodies up to this many bytes can be sent again; what is longer goes out once (Linkerd's replay bound). */
export const REPLAY_LIMIT_BYTES: number = 64 * 1024;

/** A copy of a body so far. */
export class Replay {
  #chunks: ByteChunks | undefined;
  #bytes = 0;
  #ended = false;
  #trailers: HeaderList | undefined;
  #whole = true;

  /** Whether all that was sent can be sent again. */
  get whole(): boolean {
    return this.#whole;
  }

  /** How many bytes were sent so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a copy of what has just been sent. */
  data(bytes: Buffer, from: number, to: number): void {
    if (!this.#whole) return;
    this.#bytes += to - from;
    if (this.#bytes > REPLAY_LIMIT_BYTES) {
      this.forget();
      return;
    }
    this.#chunks ??= new ByteChunks();
    this.#chunks.push(bytes, from, to);
  }

  /** The body has ended. */
  end(trailers: HeaderList | undefined): void {
    this.#ended = true;
    this.#trailers = trailers;
  }

  /** Sends what was sent before to another endpoint. */
  sendTo(stream: ClientStream): void {
    for (const chunk of this.#chunks?.all() ?? []) stream.sendBytes(chunk, 0, chunk.length);
    if (this.#ended) stream.sendEnd(this.#trailers);
  }

  /** An answer is there: it will not be sent again. */
  forget(): void {
    this.#whole = false;
    this.#chunks = undefined;
  }
}
