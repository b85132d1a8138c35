/** Lines that are written together: of all requests that one turn of the runtime answers, in one write. */

import { type Flushable, outbox } from "#lib/http-io/outbox.ts";

/** Gathers lines until the turn's end. */
export class GatheredLines implements Flushable {
  readonly #write: (text: string) => void;
  #text = "";

  /** `write` is given lines with what is between them, without the last one's end. */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Takes a line, without its end. */
  add(line: string): void {
    if (this.#text === "") outbox.markShared(this);
    this.#text = this.#text === "" ? line : `${this.#text}\n${line}`;
  }

  flush(): void {
    const text = this.#text;
    this.#text = "";
    this.#write(text);
  }
}
