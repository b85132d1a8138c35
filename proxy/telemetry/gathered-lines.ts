/** Lines that are written together: of all requests that one turn of the runtime answers, in one write. */

import { ByteWriter } from "#lib/bytes/byte-writer.ts";
import { latin1Slice } from "#lib/bytes/latin1.ts";
import { type Flushable, outbox } from "#lib/http-io/outbox.ts";

const LF = 10;

/** Gathers lines as bytes, one for each character, and gives them to `write` at the turn's end, without the last one's. */
export class GatheredLines implements Flushable {
  readonly #write: (lines: string) => void;
  readonly #gathered = new ByteWriter();

  constructor(write: (lines: string) => void) {
    this.#write = write;
  }

  /** Where the next line is to be written, without its end. */
  begin(): ByteWriter {
    const gathered = this.#gathered;
    if (gathered.length === 0) outbox.markShared(this);
    else {
      gathered.reserve(1);
      gathered.bytes[gathered.length++] = LF;
    }
    return gathered;
  }

  flush(): void {
    const lines = latin1Slice(this.#gathered.bytes, 0, this.#gathered.length);
    this.#gathered.clear();
    this.#write(lines);
  }
}
