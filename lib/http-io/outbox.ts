/** Gathers what connections have to write, so that each writes once an event however many frames that was. */

/** Something with bytes to write. */
export interface Flushable {
  flush(): void;
}

/** Connections marked since the last flush. */
export class Outbox {
  #marked: Flushable[] = [];
  #depth = 0;
  #scheduled = false;

  /** Has `flush` called at the end of the event that runs now. */
  mark(connection: Flushable): void {
    this.#marked.push(connection);
    if (this.#depth > 0 || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushLater);
  }

  /** Begins an event; what is marked until `leave` is written there. */
  enter(): void {
    this.#depth++;
  }

  leave(): void {
    this.#depth--;
    if (this.#depth === 0 && this.#marked.length > 0) this.#flush();
  }

  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.#flush();
  };

  #flush(): void {
    while (this.#marked.length > 0) {
      const marked = this.#marked;
      this.#marked = [];
      for (const connection of marked) connection.flush();
    }
  }
}

/** The outbox of this process: an event may touch connections of both sides, so they share one. */
export const outbox: Outbox = new Outbox();
