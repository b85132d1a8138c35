/** What comes for a stream whose server is not ready for it yet. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { ClientStream, ResponseHandler } from "./exchange.ts";

/** Copies of it. Whoever sends is stopped at the first bytes, so there is little. */
export class HeldBody {
  #chunks: Uint8Array[] = [];
  #trailers: HeaderList | undefined;
  #ended: boolean;

  /** `ended` where there is none. */
  constructor(ended: boolean) {
    this.#ended = ended;
  }

  /** Whether the head says all there is to say. */
  get isNone(): boolean {
    return this.#ended && this.#chunks.length === 0 && this.#trailers === undefined;
  }

  /** Takes `bytes[from .. to)`. */
  data(bytes: Uint8Array, from: number, to: number): void {
    // Not by `slice`: a Buffer's shares its memory.
    this.#chunks.push(new Uint8Array(bytes.subarray(from, to)));
  }

  end(trailers: HeaderList | undefined): void {
    this.#ended = true;
    this.#trailers = trailers;
  }

  /** Hands everything on, and lets whoever was stopped go on. */
  release(stream: ClientStream, handler: ResponseHandler): void {
    const chunks = this.#chunks.splice(0);
    let writable = true;
    for (const chunk of chunks) writable = stream.sendBytes(chunk, 0, chunk.length);
    if (this.#ended) stream.sendEnd(this.#trailers);
    else if (chunks.length > 0 && writable) handler.onRequestWritable();
  }
}
