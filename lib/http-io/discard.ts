/** What a peer still sends after its connection was refused. */

import type { ByteStream } from "#lib/net/byte-stream.ts";

/** What is still coming of a connection that was refused is thrown away up to so many bytes, then not read. */
export const DISCARD_LIMIT_BYTES: number = 64 * 1024;

/** Reading on for a while lets our answer, or GOAWAY, arrive: a reset would overtake it. */
export class Discard {
  readonly #stream: ByteStream;
  #bytes = 0;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** So many bytes have come. */
  take(bytes: number): void {
    this.#bytes += bytes;
    if (this.overrun) this.#stream.pause();
  }

  /** Whether the peer went on for so long that it is no longer read. */
  get overrun(): boolean {
    return this.#bytes > DISCARD_LIMIT_BYTES;
  }
}
