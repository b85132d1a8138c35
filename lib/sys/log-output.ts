/** Where a log goes: standard output or error, which nobody may read for a while, or ever again. */

/** Bytes, by a byte for each character, that wait for a reader; lines beyond them are dropped, as memory would grow with every one of them. */
export const UNREAD_LOG_LIMIT_BYTES: number = 1024 * 1024;

/** What the runtime writes with: it gives a promise where it has to wait for the reader. */
export interface LogSink {
  write(text: string): number | Promise<number>;
  flush(): unknown;
}

/** Takes lines, without their ends, one or several in a text; says how many were dropped once they are read again. */
export function logOutput(sink: LogSink): (lines: string) => void {
  const output = new LogOutput(sink);
  return (lines) => output.write(lines);
}

class LogOutput {
  readonly #sink: LogSink;
  #unread = 0;
  #dropped = 0;

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  write(lines: string): void {
    if (this.#unread + lines.length > UNREAD_LOG_LIMIT_BYTES && this.#unread > 0) {
      this.#dropped += lines.split("\n").length;
      return;
    }
    const flushed = this.#put(`${lines}\n`);
    if (flushed instanceof Promise) this.#await(flushed, lines.length);
  }

  /** Where the reader is gone for good, lines are lost: whoever logs goes on, and there is nobody to tell. */
  #put(text: string): unknown {
    try {
      // What it has to wait with it tells of by the promise of `flush`.
      void this.#sink.write(text);
      return this.#sink.flush();
    } catch {
      return undefined;
    }
  }

  #await(flushed: Promise<unknown>, length: number): void {
    this.#unread += length;
    const read = (): void => {
      this.#unread -= length;
      if (this.#unread === 0 && this.#dropped > 0) this.#tell();
    };
    flushed.then(read, read);
  }

  #tell(): void {
    const count = this.#dropped;
    this.#dropped = 0;
    this.write(`Warning: ${count} lines of the log were dropped, as nobody read them`);
  }
}
