/** One connection into a pod, and the client it is forwarded to. */

import type { ByteStream } from "#lib/net/byte-stream.ts";

/** What the client is told. */
export interface ForwardObserver {
  /** The pod's bytes, valid during the call only. False means: tell no more until `resume`. */
  onData(bytes: Uint8Array): boolean;
  /** The pod takes bytes again, or will never take any. */
  onWritable(): void;
  /** The pod sends no more. */
  onEnd(): void;
  /** It is over; the error says why it could not be. Called once, unless the client has left. */
  onClose(error: string | undefined): void;
}

/** Bytes both ways, once the pod is connected. */
export class ForwardedPort {
  readonly #observer: ForwardObserver;
  #stream: ByteStream | undefined;
  #early: Uint8Array[] = [];
  #ended = false;
  #over = false;

  constructor(connecting: Promise<ByteStream>, observer: ForwardObserver) {
    this.#observer = observer;
    connecting.then(
      (stream) => this.#connected(stream),
      (error: unknown) => this.#close(error instanceof Error ? error.message : String(error)),
    );
  }

  /** Bytes of the client, which are kept. False means: write no more until `onWritable`. */
  write(bytes: Uint8Array): boolean {
    if (this.#over || this.#ended) return true;
    if (this.#stream !== undefined) return this.#stream.write(bytes);
    this.#early.push(bytes);
    return false;
  }

  /** The client sends no more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream?.end();
    // Whatever this one waited for, the client's other connections do not.
    if (!this.#over) this.#observer.onWritable();
  }

  /** The client takes bytes again. */
  resume(): void {
    this.#stream?.resume();
  }

  /** The client is gone: what it has sent still arrives, and nothing more is told. */
  leave(): void {
    this.end();
    this.#over = true;
  }

  #connected(stream: ByteStream): void {
    this.#stream = stream;
    stream.handler = {
      onData: (bytes) => {
        if (this.#over) stream.destroy();
        else if (!this.#observer.onData(bytes)) stream.pause();
      },
      onEnd: () => {
        if (this.#over) stream.destroy();
        else this.#observer.onEnd();
      },
      onDrain: () => {
        if (!this.#over) this.#observer.onWritable();
      },
      onClose: (error) => this.#close(error?.message),
    };
    let flows = true;
    for (const chunk of this.#early) flows = stream.write(chunk);
    this.#early = [];
    if (this.#ended) stream.end();
    else if (flows) this.#observer.onWritable();
  }

  #close(error: string | undefined): void {
    this.#early = [];
    if (this.#over) return;
    this.end();
    this.#over = true;
    this.#observer.onClose(error);
  }
}
