/** Lines that are written together: of all requests that one turn of the runtime answers, in one write. */

import { type Flushable, outbox } from "#lib/http-io/outbox.ts";

/** Takes lines, without their ends, and gives them to `write` at the turn's end, without the last one's. */
export function gatherLines(write: (text: string) => void): (line: string) => void {
  const lines = new GatheredLines(write);
  return (line) => lines.add(line);
}

class GatheredLines implements Flushable {
  readonly #write: (text: string) => void;
  #text = "";

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

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
