/** Opaque bytes both ways between two streams, with half-close, reset and back-pressure passed on. */

import type { ByteStream, ByteStreamHandler } from "#lib/net/byte-stream.ts";

/** One side of a relay: what it receives goes to its peer. */
class RelaySide implements ByteStreamHandler {
  readonly #relay: Relay;
  readonly #from: ByteStream;
  readonly #to: ByteStream;

  constructor(relay: Relay, from: ByteStream, to: ByteStream) {
    this.#relay = relay;
    this.#from = from;
    this.#to = to;
  }

  onData(chunk: Uint8Array): void {
    if (!this.#to.write(chunk)) this.#from.pause();
  }

  onEnd(): void {
    this.#to.end();
  }

  onDrain(): void {
    this.#to.resume();
  }

  onClose(error: Error | undefined): void {
    if (error === undefined) this.#to.end();
    else this.#to.destroy();
    this.#relay.sideClosed(error);
  }
}

/** Those that are open: nobody can tell their ends that the proxy goes, so it waits for them (P57). */
export class Relays {
  /** Connections that have begun to speak, of which it is not known yet what, or that have no server yet: nobody can be told. */
  undecided = 0;
  #size = 0;

  get size(): number {
    return this.#size + this.undecided;
  }

  /** One is on its way to its server; to be told once it is there, or will not come: again is no harm. */
  dialling(): () => void {
    this.undecided++;
    let isUnderWay = true;
    return () => {
      if (isUnderWay) this.undecided--;
      isUnderWay = false;
    };
  }

  /** Joins two open streams until both have closed; then `onDone` is called, with the first error. */
  join(client: ByteStream, server: ByteStream, onDone: (error: Error | undefined) => void): void {
    this.#size++;
    new Relay(client, server, (error) => {
      this.#size--;
      onDone(error);
    });
  }
}

class Relay {
  readonly #onDone: (error: Error | undefined) => void;
  #open = 2;
  #error: Error | undefined;

  constructor(client: ByteStream, server: ByteStream, onDone: (error: Error | undefined) => void) {
    this.#onDone = onDone;
    client.handler = new RelaySide(this, client, server);
    server.handler = new RelaySide(this, server, client);
  }

  sideClosed(error: Error | undefined): void {
    this.#error ??= error;
    this.#open -= 1;
    if (this.#open === 0) this.#onDone(this.#error);
  }
}
