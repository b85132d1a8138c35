/** Writes the pieces of an attack to a socket as fast as they are taken, or one at a time. */

import type { Pieces } from "./attack.ts";

/** The part of Bun's sockets that is used here. */
export interface PumpSocket {
  write(bytes: Uint8Array): number;
  end(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

/** After so many bytes others have their turn. */
const TURN_BYTES = 512 * 1024;

/** Pieces that are written until there are no more, or it is stopped. */
export class Pump {
  readonly #socket: PumpSocket;
  readonly #pieces: Iterator<Buffer>;
  readonly #everyMs: number | undefined;
  readonly #onDone: () => void;
  #rest: Buffer | undefined;
  #stopped = false;

  constructor(
    socket: PumpSocket,
    pieces: Pieces,
    how: { readonly everyMs?: number | undefined; readonly onDone: () => void },
  ) {
    this.#socket = socket;
    this.#pieces = pieces[Symbol.iterator]();
    this.#everyMs = how.everyMs;
    this.#onDone = how.onDone;
  }

  /** Goes on, at first and whenever the socket takes bytes again. */
  go(): void {
    let bytes = 0;
    while (!this.#stopped && bytes < TURN_BYTES) {
      const piece = this.#rest ?? this.#next();
      if (piece === undefined) return;
      const taken = this.#socket.write(piece);
      // Its end is told by another event.
      if (taken < 0) return;
      this.#rest = taken < piece.length ? piece.subarray(taken) : undefined;
      if (this.#rest !== undefined) return;
      bytes += taken;
      if (this.#everyMs !== undefined) {
        setTimeout(() => this.go(), this.#everyMs);
        return;
      }
    }
    if (!this.#stopped) setImmediate(() => this.go());
  }

  stop(): void {
    this.#stopped = true;
  }

  #next(): Buffer | undefined {
    const { done, value } = this.#pieces.next();
    if (done !== true) return value;
    this.#stopped = true;
    this.#onDone();
    return undefined;
  }
}
